import FoundationEssentials
import Glibc
import Journal

/// A folder for one run of an engine's tool, and what was known when it began. Calls block.
///
///     <state>/journal-<source>/run-00000001/        what the tool writes
///     <state>/journal-<source>/run-00000001.json    `Note`
struct SpoolFolder: Sendable {
    /// What was known when the tool was started.
    struct Note: Sendable, Codable {
        /// The server, as it tells itself apart.
        var server: String
        /// Set when the server did not go on where the journal stood.
        var begins: TimelineStart?
        /// The first file that was asked for; nil for the server's current one.
        var first: String?
    }

    let path: String
    let number: UInt32
    let note: Note

    private static let prefix = "run-"

    /// The folders of earlier runs, oldest first. One without a note was never used: it is removed.
    static func all(in spool: String) throws -> [SpoolFolder] {
        try StateFolder.make(spool)
        return try FileManager.default.contentsOfDirectory(atPath: spool).compactMap { name -> SpoolFolder? in
            guard name.hasPrefix(prefix), let number = UInt32(name.dropFirst(prefix.count)) else { return nil }
            let path = "\(spool)/\(name)"
            guard let text = try? Data(contentsOf: URL(filePath: path + ".json")) else {
                // Nothing was started in it.
                rmdir(path)
                return nil
            }
            do {
                return SpoolFolder(path: path, number: number, note: try JSONDecoder().decode(Note.self, from: text))
            } catch {
                throw RecoveryError(
                    .systemFailed, "the note of a spool folder is damaged", subject: path + ".json",
                    hint: "look at the folder; remove both when what it has is archived", cause: error)
            }
        }.sorted { $0.number < $1.number }
    }

    /// Makes a folder, which nobody else may enter.
    static func make(in spool: String, number: UInt32, _ note: Note) throws -> SpoolFolder {
        let digits = String(number)
        let path = "\(spool)/\(prefix)\(String(repeating: "0", count: max(8 - digits.count, 0)))\(digits)"
        guard mkdir(path, 0o700) == 0 else { throw RecoveryError.system(errno, "cannot make a spool folder", path) }
        try DurableText.write(Array(try JSONEncoder().encode(note)), to: path + ".json")
        return SpoolFolder(path: path, number: number, note: note)
    }

    /// Notes that the timeline of its note has begun.
    func settle() throws {
        var settled = note
        settled.begins = nil
        try DurableText.write(Array(try JSONEncoder().encode(settled)), to: path + ".json")
    }

    /// Removes it with all that is in it.
    func remove() throws {
        // The note last: a folder without one is empty.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
                throw RecoveryError.system(errno, "cannot remove", "\(path)/\(name)")
            }
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw RecoveryError.system(errno, "cannot remove", path) }
        guard unlink(path + ".json") == 0 || errno == ENOENT else {
            throw RecoveryError.system(errno, "cannot remove", path + ".json")
        }
    }
}

/// A small file that is whole or not there, whenever the machine stops.
enum DurableText {
    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw RecoveryError.system(errno, "cannot write", path)
        }
        try Exchange.rename(path + ".new", path)
        try Exchange.sync(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
    }
}
