import FoundationEssentials
import Glibc
import Sealing

/// How far a restore of several sources has come; kept in a file, so that the same command goes on after a kill, and hooks are
/// not run twice.
struct ServiceJournal: Sendable, Codable {
    /// A hook that was run. It is written down before that and after: what was begun is never begun again.
    struct HookRun: Sendable, Codable {
        /// When it was begun, RFC 3339.
        var at: String
        /// Seconds since the restore was asked for.
        var seconds: Double
        /// Set when it has ended, or there was none to run.
        var hasEnded = false
        /// What went wrong; nil when nothing did.
        var failure: String?
    }

    /// Names this restore in the journals of its sources.
    let id: String
    /// What was asked for.
    let asked: ClassedRestore.Asked
    /// What that meant then.
    let resolved: ClassedRestore.Resolved
    /// When it was asked for, RFC 3339.
    let started: String
    /// When steps were finished, RFC 3339.
    var done: [String: String] = [:]
    /// The hook after the class `first`; nil before that.
    var degraded: HookRun?
    /// The hook after everything.
    var recovered: HookRun?

    /// The file for a target: a service is restored in place once at a time, a folder too.
    static func name(_ target: String) -> String {
        guard target != ClassedRestore.inPlace else { return "restore-in-place" }
        return "restore-to-" + SHA256.digest(Array(target.utf8)).hex.prefix(12)
    }

    private static func path(_ folder: String, _ target: String) -> String { "\(folder)/\(name(target)).json" }

    static func read(_ folder: String, target: String) throws -> ServiceJournal? {
        let path = path(folder, target)
        guard Exchange.exists(path) else { return nil }
        do {
            return try JSONDecoder().decode(ServiceJournal.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw RecoveryError(
                .restorePending, "the journal of a restore of several sources cannot be understood", subject: path,
                hint: "remove it; the sources' own journals are beside it, and the hooks may run once more",
                cause: error)
        }
    }

    func write(_ folder: String) throws {
        try JournalFile.write(self, to: ServiceJournal.path(folder, asked.target), in: folder)
    }

    func remove(_ folder: String) throws {
        try JournalFile.remove(ServiceJournal.path(folder, asked.target), in: folder)
    }

    /// A source was taken back: the restore that it was a part of has it no more.
    static func forget(_ source: String, id: String, _ folder: String) throws {
        guard var journal = try read(folder, target: ClassedRestore.inPlace), journal.id == id,
            journal.done.removeValue(forKey: source) != nil
        else { return }
        try journal.write(folder)
    }
}

/// Journals as files that are there after a crash.
enum JournalFile {
    /// A new file, flushed, renamed over the old one.
    static func write(_ journal: some Encodable, to path: String, in folder: String) throws {
        try StateFolder.make(folder)
        let bytes = Array(try JSONEncoder().encode(journal))
        let file = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            throw RecoveryError.system(errno, "cannot write", path)
        }
        try Exchange.rename(path + ".new", path)
        try Exchange.sync(folder)
    }

    static func remove(_ path: String, in folder: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw RecoveryError.system(errno, "cannot remove", path) }
        try Exchange.sync(folder)
    }
}
