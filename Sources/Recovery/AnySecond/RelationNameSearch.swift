import DataSources
import Journal
import Repository
import Sealing
import Trees

/// Finds out what PostgreSQL's files of tables are called: from the lists that bases have of it, and from the live server. Where the
/// base before the log has no list, it is restored and asked.
struct RelationNameSearch {
    private let known: AnySecond
    private let path: TimelinePath
    private let table: String?
    private let context: RecoveryContext
    /// Names by the paths of files, as `PostgreSQLEventFinder` wants them.
    private(set) var names = [String: String]()
    /// What somebody should know.
    private(set) var notes = [String]()

    /// Names on a path. Where a table was renamed, the newest name is taken, unless an older one is what `table` means.
    init(_ known: AnySecond, _ path: TimelinePath, _ table: String?, in context: RecoveryContext) {
        self.known = known
        self.path = path
        self.table = table
        self.context = context
    }

    /// Reads names for the log from part `start` of the path on.
    mutating func read(since start: Int) async throws {
        let bases = path.inOrder(known.planner.bases)
        let first = path.parts[start]
        let before = bases.lastIndex { $0.leg < first.leg || $0.leg == first.leg && $0.base.place <= first.begin }
        for (index, base) in bases[(before ?? 0)...].enumerated() {
            guard let entry = known.entries.first(where: { $0.point.id == base.base.point }) else { continue }
            if let list = try await list(entry) {
                add(list)
            } else if index == 0 {
                add(try await restored(entry))
            }
        }
        if before == nil, !bases.isEmpty {
            notes.append(
                "note: no base is older than the log that was looked at, so that tables which are in none may have no name"
            )
        }
        if bases.isEmpty { notes.append("note: there is no base, so that only tables of today have names") }
        await readLive()
    }

    private mutating func add(_ more: [String: String]) {
        let table = table
        names.merge(more) { old, new in
            guard let table else { return new }
            return PostgreSQLEventFinder.isCalled(old, table) ? old : new
        }
    }

    /// The list that a base has; nil when it has none.
    private func list(_ entry: PointEntry) async throws -> [String: String]? {
        guard let tree = entry.point.part(known.source.name)?.snapshot.flatMap({ BlobID(hex: $0.tree) }) else {
            return nil
        }
        let indexed = try await context.repository.indexed()
        let place = [known.source.name, RelationNameList.fileName].map { Array($0.utf8) }
        do {
            guard let node = try await indexed.node(at: place, in: tree), node.metadata.kind == .file else {
                return nil
            }
            var bytes = [UInt8]()
            for id in node.content { bytes += try await indexed.blob(id, .data) }
            return try RelationNameList.read(bytes)
        } catch let error as RepositoryError {
            guard error.code == .pathMissing else { throw error }
            return nil
        }
    }

    private func restored(_ entry: PointEntry) async throws -> [String: String] {
        context.report(
            "\(known.source.name): point \(entry.point.id) has no list of its tables, so it is restored to be asked for their names"
        )
        let copy = try await PointRestore(entry, in: context).scratch(known.source)
        guard let server = copy.server else { return [:] }
        do {
            let names = try await PostgreSQLEventFinder.names(of: server)
            try await copy.end()
            return names
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
    }

    /// The live server has other files than a history that was left.
    private mutating func readLive() async {
        let record = path.legs[path.legs.count - 1].coverage.timeline
        guard record.timeline == known.planner.live,
            let source = context.factory.dataSource(known.source, context.environment, nil) as? PostgreSQLSource
        else { return }
        do {
            guard try await source.logState().server == record.server else {
                notes.append("note: the live server is on another timeline, so it was not asked for names of tables")
                return
            }
            let (names, closed) = try await RelationNameList.names(of: source)
            add(names)
            if !closed.isEmpty {
                notes.append(
                    "note: the account may not connect to \(closed.joined(separator: ", ")): tables made there since the last base have no name"
                )
            }
        } catch {
            notes.append(
                "note: the live server could not be asked for names of tables: \(PointPart.Failure(error).message)")
        }
    }
}
