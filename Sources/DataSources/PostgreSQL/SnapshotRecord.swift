import FoundationEssentials
import Trees

/// What a restore has to know of a snapshot, kept in it as `source.json`.
struct SnapshotRecord: Sendable, Codable, Hashable {
    enum Method: String, Sendable, Codable {
        case physical
        case logical
    }

    struct Tablespace: Sendable, Codable, Hashable {
        var oid: String
        var location: String
    }

    static let fileName = "source.json"

    var method: Method
    /// As the server said it.
    var version: String
    var major: Int
    /// The role that made the cluster.
    var superuser: String
    var systemIdentifier: String
    var startLSN: String
    var endLSN: String
    var timeline: UInt32
    var databases: [String]
    var tablespaces: [Tablespace]

    enum CodingKeys: String, CodingKey {
        case method, version, major, superuser, timeline, databases, tablespaces
        case systemIdentifier = "system_identifier"
        case startLSN = "start_lsn"
        case endLSN = "end_lsn"
    }

    /// Reads the record of restored files; `files` is the folder that holds `RESTORE.md`.
    static func read(from files: String) throws -> SnapshotRecord {
        let path = "\(files)/\(fileName)"
        do {
            return try JSONDecoder().decode(SnapshotRecord.self, from: Data(try SmallFile.read(path)))
        } catch let error as DecodingError {
            throw SourceError(.malformedStream, "it cannot be read: \(error)", subject: path, cause: error)
        }
    }

    /// Writes it and `RESTORE.md`.
    func write(into sink: any StreamSink, _ source: PostgreSQLSource) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = Array(try encoder.encode(self)) + [0x0A]
        let notes = Array(RestoreNotes.text(self, source: source.name, systemUser: source.settings.systemUser).utf8)
        for (name, bytes) in [(SnapshotRecord.fileName, json), (RestoreNotes.fileName, notes)] {
            var metadata = source.metadata(byteCount: bytes.count)
            metadata.permissions = 0o644
            try sink.file(source.path(name), metadata, holding: bytes)
        }
    }
}
