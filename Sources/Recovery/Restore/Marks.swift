import DataSources
import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import Trees

/// Erasures that were not applied to something restored.
public struct ErasuresNotApplied: Sendable, Hashable, Codable {
    /// The source.
    public var source: String
    /// Subjects whose erasure is younger than what was restored; nil where that cannot be told.
    public var dueCount: Int?

    enum CodingKeys: String, CodingKey {
        case source
        case dueCount = "due_count"
    }
}

extension Handover {
    /// How many erasures a database lacks that is left as it was. One cannot be stopped by a damaged ledger from getting at it
    /// so, and is told.
    func notApplied(to source: String, _ restored: RestoredMoment) async -> ErasuresNotApplied {
        let kinds = Set(rules.erasures.filter { $0.source == source }.map(\.kind))
        do {
            let content = try await ErasureLedger(context.repository).proven()
            try ErasureReplay(rules: rules.erasures, ledger: ErasureLedger(context.repository)).requireRules(
                for: content)
            let due = try await due(TreeDatabase(source: source, restored: restored), kinds: kinds, content)
            return ErasuresNotApplied(source: source, dueCount: due.count)
        } catch {
            context.alarm(
                "\(source): how many erasures are due cannot be told: \(PointPart.Failure(error).message)")
            return ErasuresNotApplied(source: source)
        }
    }
}

extension PointRestore {
    private static let markName = "ERASURES-NOT-APPLIED.txt"

    /// Says in a folder of restored data that it is as it was; nil while nothing is known yet.
    func mark(_ folder: String, _ left: ErasuresNotApplied?) async throws {
        let count =
            left?.dueCount.map { "Erasures that are younger than this data, and due: \($0)." }
            ?? "How many erasures are younger than this data is not known."
        let text = """
            Erasures not applied.

            These are the files of recovery point \(entry.point.id) (\(entry.point.started)) as they were stored. People who asked
            to be erased since then are still in them. Erase them again before the data is used, and remove it when it has served.

            \(count)

            """
        let path = folder + "/" + Self.markName
        try await PointRestore.lane.run {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
        }
    }

    /// Marks the folder that a file tree will be restored to, until its erasures are applied: a restore that ends before leaves
    /// the mark. Gives whether there is one.
    ///
    /// - Throws: as `Handover.checkFiles`: then nothing is to be restored.
    func markFiles(of source: String, _ folder: String) async throws -> Bool {
        guard try await Handover(in: context).checkFiles(of: source) else { return false }
        try await mark(folder, nil)
        return true
    }

    /// Takes the mark back.
    static func unmark(_ folder: String) async throws {
        let path = folder + "/" + markName
        try await lane.run {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw RecoveryError.system(errno, "cannot remove the mark", path)
            }
        }
    }

    /// When reading a file tree began.
    func readFrom(_ part: PointPart) -> Timestamp {
        part.reading.flatMap { Timestamp(rfc3339: $0.consistentFrom) } ?? entry.point.moment
    }
}
