import DataSources
import Journal
import Repository
import Trees

extension InPlaceRestore {
    /// What is exchanged for this kind of source.
    func exchanges(id: String) throws -> [Exchange] {
        switch source.settings {
        case .mariadb(let settings): return [.of(live: settings.dataFolder, id: id)]
        case .postgresql(let settings): return [.of(live: settings.dataFolder, id: id)]
        case .sqlite(let settings):
            // Its journals belong to the old file and would be replayed into the new one.
            return ["-wal", "-shm", "-journal"].map { .of(live: settings.file + $0, id: id, replaces: false) }
                + [.of(live: settings.file, id: id)]
        case .redis(let settings):
            let folder = settings.dumpFile.parentFolder
            guard !Exchange.exists(folder + "/appendonlydir") else {
                throw RecoveryError(
                    .targetUnusable, "Redis reads its append-only files there and would not look at the dump",
                    subject: folder + "/appendonlydir", hint: "set `appendonly no` and move them away first")
            }
            let isEmpty = RedisRestorer(settings: settings, environment: context.environment).startsEmpty
            return [.of(live: settings.dumpFile, id: id, replaces: !isEmpty)]
        case .files(let settings):
            return settings.paths.map { .of(live: $0, id: id) }
        }
    }

    /// A Redis that must not go on where the point was: sessions begin empty, since nobody shall be logged in by one that
    /// ended since; a queue stays stopped, since jobs that have run since would run again as soon as it answers.
    var precaution: String? {
        guard case .redis(let settings) = source.settings else { return nil }
        let restorer = RedisRestorer(settings: settings, environment: context.environment)
        if restorer.startsEmpty { return "sessions begin empty: the live dump is only set aside" }
        guard restorer.startsPaused else { return nil }
        return
            "a queue is not started, since jobs that have run since would run again: put `min-replicas-to-write 1` into its "
            + "configuration, which refuses every POP, start it and look; `CONFIG SET min-replicas-to-write 0` lets it go on"
    }

    /// See `precaution`.
    public var staysStopped: Bool {
        guard case .redis(let settings) = source.settings else { return false }
        return RedisRestorer(settings: settings, environment: context.environment).startsPaused
    }

    /// Makes the copy beside the live one, anew from the beginning, and questions it. Live things are not touched.
    func build(_ part: PointPart, _ journal: inout InPlaceJournal) async throws {
        await Workspace.remove(journal.exchanges.compactMap(\.new))
        // An earlier attempt may have begun with another base.
        journal.point = restore.entry.point.id
        let begun = journal
        journal = try await context.repository.locked(.shared, context.locks) { _ in
            var journal = begun
            if case .files(let settings) = source.settings {
                try await buildFiles(part, settings, &journal)
            } else if let exchange = journal.exchanges.last, let new = exchange.new {
                try await buildDatabase(part, exchange.live, new, &journal)
            }
            return journal
        }
    }

    private func buildDatabase(
        _ part: PointPart, _ live: String, _ new: String, _ journal: inout InPlaceJournal
    ) async throws {
        // What restorers build is a folder; of Redis and SQLite one file in it takes the place of the live one.
        let isFile = source.kind == .redis || source.kind == .sqlite
        let folder = isFile ? new + "-data" : new
        let workspace = try Workspace.beside(live, new: folder, temporaryFolder: context.environment.temporaryFolder)
        await Workspace.remove([workspace.files, workspace.data])
        let copy = try await copy(into: workspace)
        do {
            try await question(copy)
            try await asking?(copy)
            if rewind == nil {
                watch(PointRestore.Phase.handover.rawValue)
                journal.handover = try await Handover(in: context).run(
                    copy, restored: restore.moment(of: copy.part), for: .production)
            }
            try await copy.server?.stop()
            try await beginHistory(copy, workspace, &journal)
            if isFile { try InPlaceRestore.takeOnlyFile(of: folder, as: new) }
        } catch {
            try? await copy.server?.stop()  // what went wrong before matters more
            await workspace.removeAll()
            throw error
        }
        await workspace.removeFiles()
        if isFile { await Workspace.remove([folder]) }
    }

    private func copy(into workspace: Workspace) async throws -> ScratchCopy {
        guard let plan = rewind?.plan else {
            return try await restore.copy(source, into: workspace) { watch($0.rawValue) }
        }
        var forward = AnySecondRestore(plan, from: restore.entry, source: source, in: context)
        forward.serverNames = rewind?.records.map(\.server) ?? []
        return try await forward.copy(into: workspace) { watch($0.rawValue) }
    }

    /// Moves the database file out of the folder that was built; what reading it left beside it is no part of it.
    private static func takeOnlyFile(of folder: String, as path: String) throws {
        let names = try Exchange.names(in: folder).filter { name in
            !["-wal", "-shm", "-journal"].contains { name.hasSuffix($0) } && !name.hasPrefix("temp-")
        }
        guard names.count == 1 else {
            throw RecoveryError(
                .contentDiffers, "the restored copy is not one file but \(names.sorted().joined(separator: ", "))",
                subject: folder, hint: "nothing live was touched; choose another point")
        }
        try Exchange.rename(folder + "/" + names[0], path)
        try Exchange.sync(path.parentFolder)
    }

    /// Where nobody may have files open when things are exchanged. A Redis holds its dump for moments only, but works in its folder.
    var watchedPaths: [String] {
        get throws {
            if case .redis(let settings) = source.settings { return [settings.dumpFile.parentFolder] }
            return try exchanges(id: "ID").map(\.live)
        }
    }

    /// A copy that is not sound, or that breaks a promise, never takes the place of anything.
    private func question(_ copy: ScratchCopy) async throws {
        guard let server = copy.server else { return }
        watch(PointRestore.Phase.check.rawValue)
        try PointRestore.refuseUnsound(try await server.check(), source.name)
        for assertion in source.assertions {
            let outcome = await VerifyRun.ask(assertion, server)
            guard outcome.holds else {
                throw RecoveryError(
                    .contentDiffers, "the restored copy breaks a promise: \(outcome.name) (\(outcome.answer))",
                    subject: source.name, hint: "nothing live was touched; choose another point")
            }
        }
    }

    /// Each path's tree is restored beside it, by itself, without files of people erased since.
    private func buildFiles(_ part: PointPart, _ settings: FileSettings, _ journal: inout InPlaceJournal) async throws {
        if let files { files.outcome(try await files.restore.bringLost(files.rows, beside: journal.exchanges)) }
        var erased = [ErasedFiles]()
        for exchange in journal.exchanges {
            guard let new = exchange.new else { continue }
            watch(PointRestore.Phase.fetch.rawValue)
            try await restore.fetchSubtree(part, at: exchange.live, to: new)
            var tree = RestoredTree(source: source.name, root: new, readFrom: restore.readFrom(part))
            tree.live = exchange.live
            erased.append(try await Handover(in: context).eraseFiles(of: tree))
        }
        journal.erasedFiles = erased
    }
}
