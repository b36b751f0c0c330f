import DataSources
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Recovery

@Suite("a restore of several sources")
struct ClassedRestoreTests {
    /// Steps after which the process is killed: those of the database, of the hook, and of the files.
    static let steps = [
        "db building", "db verified", "db stopped", "db exchanged", "db finished", "db", "degraded", "uploads building",
        "uploads exchanged", "uploads finished", "uploads", "recovered",
    ]

    /// The database first. What is live when a hook runs is what it writes down.
    private static func service(_ stage: RecoveryStage, degraded: String? = nil) -> (RecoveryContext, [ProtectedSource])
    {
        var context = stage.context
        let path = stage.path
        context.hooks.degraded =
            degraded
            ?? "echo \"$LIFEBOAT_SERVICE $LIFEBOAT_TARGET $LIFEBOAT_SOURCES: $(tail -1 \(path)/db/rows) $(ls \(path)/uploads)\" >> \(path)/hooks"
        context.hooks.recovered = "echo \"$LIFEBOAT_SOURCES: $(ls \(path)/uploads)\" >> \(path)/hooks"
        var (database, files) = (stage.database, stage.files)
        database.restoreClass = .first
        database.stop = "echo stop >> \(path)/service"
        database.start = "echo start >> \(path)/service"
        files.stop = "true"
        return (context, [files, database])
    }

    /// A restore in place as the commands make it.
    private static func restore(
        _ stage: RecoveryStage, degraded: String? = nil, watch: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> ClassedRestore.Outcome {
        let (context, sources) = service(stage, degraded: degraded)
        let entry = try await stage.store.find("latest")
        let classed = ClassedRestore(
            RestoreOrder(sources),
            asked: .init(words: "point latest", target: ClassedRestore.inPlace, sources: ["uploads", "db"]),
            in: context, watch: watch)
        return try await classed.run(.init(point: entry.point.id)) { step, id in
            guard let source = sources.first(where: { $0.name == step.source }) else { return }
            var restore = InPlaceRestore(entry, source: source, in: context) { watch("\(step.source) \($0)") }
            restore.service = id
            try await restore.run(confirmation: step.source)
        }
    }

    /// A point, and then damage.
    private static func damaged() async throws -> RecoveryStage {
        let stage = try await RecoveryStage()
        try await stage.point()
        try stage.setRows(["one", "wrong"])
        rename(stage.path + "/uploads/one", stage.path + "/uploads/ransom")
        return stage
    }

    /// A process of its own begins the restore and is killed as soon as the step is written down.
    private static func kill(after step: String, in path: String) async {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path, step] in
            let stage = try await RecoveryStage(at: path)
            _ = try await ClassedRestoreTests.restore(stage) { if $0 == step { Glibc.kill(getpid(), SIGKILL) } }
        }
    }

    private static let whole = ["test in-place db: two ransom", "db uploads: one"]

    @Test("brings back what comes first, runs the hook while the rest is still missing, then the rest")
    func order() async throws {
        let stage = try await ClassedRestoreTests.damaged()
        let outcome = try await ClassedRestoreTests.restore(stage)
        #expect(stage.rows == ["one", "two"])
        #expect(Rows.read(stage.path + "/hooks") == ClassedRestoreTests.whole)
        #expect(outcome.hookFailures.isEmpty && outcome.degradedAt != nil)
        #expect((outcome.degradedSeconds ?? .infinity) <= outcome.seconds)
        #expect(stage.events.kinds.suffix(3) == ["restore", "restore", "restore"])
        #expect(stage.events.last.contains("\"degraded_at\":\"") && stage.events.last.contains("\"finished\":\""))
        // The same command once more meets what is still to be accepted.
        let error = await #expect(throws: RecoveryError.self) { try await ClassedRestoreTests.restore(stage) }
        #expect(error?.code == .restorePending)
        #expect(Rows.read(stage.path + "/hooks").count == 2)
    }

    @Test("killed after any step, the same command ends in the same place, and no hook runs twice", arguments: steps)
    func killed(step: String) async throws {
        let stage = try await ClassedRestoreTests.damaged()
        let path = stage.path
        await ClassedRestoreTests.kill(after: step, in: path)
        let services = Rows.read(path + "/service").count
        let outcome = try await ClassedRestoreTests.restore(stage)
        #expect(stage.rows == ["one", "two"])
        #expect(try Exchange.names(in: path + "/uploads") == ["one"])
        if ["degraded", "recovered"].contains(step) {
            // It was written down that it begins, and whether it did nobody knows.
            #expect(outcome.hookFailures.count == 1 && Rows.read(path + "/hooks").count == 1)
        } else {
            #expect(outcome.hookFailures.isEmpty)
            #expect(Rows.read(path + "/hooks") == ClassedRestoreTests.whole)
        }
        let isDone =
            ["db finished", "db", "degraded"].contains(step) || step.hasPrefix("uploads") || step == "recovered"
        if isDone { #expect(Rows.read(path + "/service").count == services, "a finished source is not done twice") }
        #expect(!Exchange.exists(path + "/state/restore-in-place.json"))
    }

    @Test("a hook that fails is told, and the rest comes back all the same")
    func failingHook() async throws {
        let stage = try await ClassedRestoreTests.damaged()
        let outcome = try await ClassedRestoreTests.restore(stage, degraded: "echo cannot >&2; exit 3")
        #expect(outcome.hookFailures.count == 1 && outcome.hookFailures[0].contains("the degraded command failed"))
        #expect(try Exchange.names(in: stage.path + "/uploads") == ["one"])
        #expect(Rows.read(stage.path + "/hooks") == ["db uploads: one"])
        #expect(stage.events.last.contains("the degraded command failed"))
    }

    @Test("a source that was taken back is restored again when the restore goes on; another restore waits for its end")
    func undone() async throws {
        let stage = try await ClassedRestoreTests.damaged()
        let path = stage.path
        await ClassedRestoreTests.kill(after: "uploads building", in: path)
        let (context, sources) = ClassedRestoreTests.service(stage)
        let other = ClassedRestore(
            RestoreOrder(sources), asked: .init(words: "another", target: ClassedRestore.inPlace, sources: []),
            in: context)
        let error = #expect(throws: RecoveryError.self) { try other.pending() }
        #expect(error?.code == .restorePending && error?.hint.contains("--undo") == true)
        try await InPlaceUndo(source: sources[1], in: context).undo()
        #expect(stage.rows == ["one", "wrong"])
        _ = try await ClassedRestoreTests.restore(stage)
        #expect(stage.rows == ["one", "two"])
        #expect(Rows.read(path + "/hooks") == ClassedRestoreTests.whole)
    }

    @Test("into a folder, what a tree names first comes with the first class, and everything once")
    func folder() async throws {
        let stage = try await RecoveryStage()
        try Data("small".utf8).write(to: URL(filePath: stage.path + "/uploads/small.thumb"))
        try await stage.point()
        var (context, sources) = ClassedRestoreTests.service(stage)
        let out = stage.path + "/out"
        let tree = out + "/uploads" + stage.path + "/uploads"
        context.hooks.degraded = "(ls \(out) | xargs; ls \(tree)) >> \(stage.path)/hooks"
        context.hooks.recovered = "ls \(tree) | xargs >> \(stage.path)/hooks"
        var settings = FileSettings(paths: [stage.path + "/uploads"])
        settings.restoreFirst = ["*.thumb"]
        sources[0].settings = .files(settings)
        let order = RestoreOrder(splitting: sources)
        #expect(order.steps.map(\.source) == ["db", "uploads", "uploads"] && order.sourceCount == 2)
        let restore = PointRestore(try await stage.store.find("latest"), in: context)
        #expect(try await restore.byteCount(of: restore.part("uploads"), matching: ["*.thumb"]) == 5)
        for _ in 1...2 {
            _ = try await restore.toFolder(order, words: "point latest", folder: out)
        }
        let once = ["db uploads", "small.thumb", "one small.thumb"]
        #expect(Rows.read(stage.path + "/hooks").prefix(3) == once[...])
        #expect(Rows.read(out + "/db/data/rows") == ["one", "two"])
    }

    @Test("one source has no hook, wherever it goes")
    func alone() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        let (context, sources) = ClassedRestoreTests.service(stage)
        let restore = PointRestore(try await stage.store.find("latest"), in: context)
        let outcome = try await restore.toFolder(
            RestoreOrder(splitting: [sources[1]]), words: "point latest", folder: stage.path + "/out"
        ).times
        #expect(outcome?.degradedAt == nil && !Exchange.exists(stage.path + "/hooks"))
        #expect(Rows.read(stage.path + "/out/db/data/rows") == ["one", "two"])
    }

    @Test("classes come before kinds, kinds before the order of the configuration")
    func sorted() {
        func step(_ name: String, _ kind: SourceKind, _ restoreClass: RestoreClass) -> RestoreOrder.Step {
            .init(source: name, kind: kind, restoreClass: restoreClass)
        }
        let order = RestoreOrder([
            step("media", .files, .rest), step("search", .sqlite, .rest), step("avatars", .files, .first),
            step("sessions", .redis, .first), step("db", .mariadb, .first), step("log", .postgresql, .rest),
        ])
        #expect(order.steps.map(\.source) == ["sessions", "db", "avatars", "search", "log", "media"])
        #expect(order.first.map(\.source) == ["sessions", "db", "avatars"])
    }
}
