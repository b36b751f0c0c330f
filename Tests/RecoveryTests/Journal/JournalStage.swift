import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Repository
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Recovery

/// A scripted server, a repository behind a store that may fail, and the journal between them.
final class JournalStage: Sendable {
    let stage: RecoveryStage
    let server: ScriptedServer
    let faults: FaultyStore
    let alarms = Mutex<[String]>([])
    let settings: JournalSettings
    /// What is followed instead of the scripted server.
    private let log: (any LogSource)?

    init(following log: (any LogSource)? = nil, _ change: (inout JournalSettings) -> Void = { _ in }) async throws {
        stage = try await RecoveryStage()
        server = try ScriptedServer(stage.path + "/server")
        faults = FaultyStore(stage.context.repository.store)
        var settings = JournalSettings()
        settings.flush = .milliseconds(20)
        settings.segmentByteCount = 4096
        change(&settings)
        self.settings = settings
        self.log = log
    }

    var source: ProtectedSource {
        var source = ProtectedSource(name: "db", settings: .mariadb(MariaDBSettings()))
        source.journal = settings
        return source
    }

    var context: RecoveryContext {
        var context = stage.context
        context.repository = stage.context.repository.through(faults)
        let followed = log ?? server.source
        context.factory.dataSource = { _, environment, _ in
            self.temporaryFolders.withLock { $0.append(environment.temporaryFolder) }
            return followed
        }
        context.alarm = { line in self.alarms.withLock { $0.append(line) } }
        return context
    }

    var alarmed: [String] { alarms.withLock { $0 } }

    /// Where sources were told to put options with passwords.
    let temporaryFolders = Mutex([String]())

    /// Runs the journal while `body` does, then ends it in order; without `farewell` it does not wait for the store.
    func running(
        _ changed: ProtectedSource? = nil, farewell: Duration = .seconds(20), _ body: () async throws -> Void
    ) async throws {
        var run = JournalRun(changed ?? source, in: context)
        run.pace = JournalPace(
            poll: .milliseconds(5), firstPause: .milliseconds(5), longestPause: .milliseconds(40), farewell: farewell)
        let journal = Task { [run] in try await run.run() }
        do {
            try await body()
        } catch {
            journal.cancel()
            _ = await journal.result
            throw error
        }
        journal.cancel()
        try await journal.value
    }

    var reader: JournalReader { JournalReader(journal) }

    var journal: SourceJournal {
        let repository = stage.context.repository
        return SourceJournal(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: "db")
    }

    var tree: TimelineTree { get async throws { try await reader.timelines() } }

    /// What is archived of the newest timeline.
    func coverage() async throws -> Coverage? {
        guard let live = try await tree.live else { return nil }
        return try await reader.coverage(of: live)
    }

    /// The archived bytes of a timeline, by file.
    func archived(_ timeline: UInt32? = nil) async throws -> [String: [UInt8]] {
        guard let live = try await tree.live else { return [:] }
        let number = timeline ?? live.timeline
        var files = [String: [UInt8]]()
        for part in try await reader.coverage(of: number).spans.flatMap(\.parts) {
            #expect(UInt64(files[part.header.file]?.count ?? 0) == part.header.offset, "no overlap, no hole")
            files[part.header.file, default: []] += try await bytes(of: part, number)
        }
        return files
    }

    private func bytes(of part: Coverage.Part, _ timeline: UInt32) async throws -> [UInt8] {
        guard case .snapshot(let tree, let path) = part.location else {
            return try await reader.bytes(of: part, on: timeline)
        }
        let target = "\(stage.path)/restored-\(tree)"
        if access(target, F_OK) != 0 {
            let sink = try LocalTreeSink(root: Array(target.utf8), options: LocalTreeSink.Options())
            let root = try #require(BlobID(hex: tree))
            _ = try await stage.context.repository.indexed().restore(tree: root, to: sink, RestoreSettings())
        }
        return Array(try Data(contentsOf: URL(filePath: "\(target)/\(path)")))
    }

    /// Waits until the tool runs: what the server had in older files before is not wanted.
    func isFollowed() async throws { try await until { self.server.state.withLock { $0.followCount } > 0 } }

    /// Waits until the store has what the server wrote.
    func caughtUp() async throws { try await until { try await self.archived() == self.server.files } }

    /// Waits until something holds; half a minute, and then says where.
    func until(_ location: SourceLocation = #_sourceLocation, _ holds: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while try await !holds() {
            try #require(ContinuousClock.now < end, "it does not come true", sourceLocation: location)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Names of all segments there are.
    var segments: [String] {
        get async throws { try await stage.context.repository.store.list(prefix: "lifeboat/journal/").map(\.name) }
    }
}
