public import Chunking
import FoundationEssentials
import Sealing

/// What `config` says: the version of the format, the repository's id, and the polynomial of restic's chunker.
public struct RepositoryConfig: Sendable, Hashable {
    /// Version of restic's repository format; 2 for all that we write, 1 can be read.
    public let version: Int
    /// 64 hexadecimal digits, drawn at random.
    public let id: String
    /// Polynomial for restic's content-defined cut.
    public let polynomial: Polynomial

    /// Draws a new repository: random id, random irreducible polynomial.
    public static func random() -> RepositoryConfig {
        var generator = SystemRandomNumberGenerator()
        let words =
            (generator.next(), generator.next(), generator.next(), generator.next()) as (UInt64, UInt64, UInt64, UInt64)
        return RepositoryConfig(version: 2, id: Digest(words: words).hex, polynomial: .random(using: &generator))
    }

    private struct Stored: Codable {
        var version: Int
        var id: String
        var chunker_polynomial: String
    }

    init(version: Int, id: String, polynomial: Polynomial) {
        self.version = version
        self.id = id
        self.polynomial = polynomial
    }

    /// Reads the JSON of an opened `config`.
    init(json: [UInt8], location: String) throws(RepositoryError) {
        let stored: Stored
        do {
            stored = try JSONDecoder().decode(Stored.self, from: Data(json))
        } catch {
            throw RepositoryConfig.damaged("config is not the JSON it should be", location, cause: error)
        }
        guard stored.version == 1 || stored.version == 2 else {
            throw RepositoryError(
                .unsupportedVersion, "repository format \(stored.version) is newer than this program knows (1 and 2)",
                subject: "config of \(location)", hint: "use a newer lifeboat, or the tool that wrote it")
        }
        guard !stored.id.isEmpty, stored.id.utf8.count <= 128, !stored.id.utf8.contains(UInt8(ascii: "/")),
            !stored.id.hasPrefix(".")
        else { throw RepositoryConfig.damaged("the repository id in config cannot be used", location) }
        guard let polynomial = Polynomial(hex: stored.chunker_polynomial), polynomial.isIrreducible else {
            throw RepositoryConfig.damaged("the chunker polynomial in config is not one", location)
        }
        self.init(version: stored.version, id: stored.id, polynomial: polynomial)
    }

    private static func damaged(_ message: String, _ location: String, cause: (any Error)? = nil) -> RepositoryError {
        RepositoryError(
            .configDamaged, message, subject: "config of \(location)",
            hint: "bring config back from a replica or a copy of it; nothing else needs to change", cause: cause)
    }

    /// The JSON of `config`, before sealing.
    func json() throws -> [UInt8] {
        let stored = Stored(version: version, id: id, chunker_polynomial: polynomial.hex)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(stored))
    }
}
