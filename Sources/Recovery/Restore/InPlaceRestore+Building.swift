import DataSources
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
            // After a rewind sessions begin empty: nobody shall be logged in by a session that ended since.
            return [.of(live: settings.dumpFile, id: id, replaces: settings.role != .sessions)]
        case .files(let settings):
            return settings.paths.map { .of(live: $0, id: id) }
        }
    }

    /// Makes the copy beside the live one, anew from the beginning, and questions it. Live things are not touched.
    func build(_ part: PointPart, _ journal: InPlaceJournal) async throws {
        await Workspace.remove(journal.exchanges.compactMap(\.new))
        try await context.repository.locked(.shared, context.locks) { _ in
            if case .files(let settings) = source.settings {
                try await buildFiles(part, settings, journal)
            } else if let exchange = journal.exchanges.last, let new = exchange.new {
                try await buildDatabase(part, exchange.live, new)
            }
        }
    }

    private func buildDatabase(_ part: PointPart, _ live: String, _ new: String) async throws {
        let workspace = try Workspace.beside(live, new: new, temporaryFolder: context.environment.temporaryFolder)
        await Workspace.remove([workspace.files])
        let copy = try await restore.copy(source, into: workspace) { watch($0.rawValue) }
        do {
            try await question(copy)
            try await copy.server?.stop()
        } catch {
            try? await copy.server?.stop()  // what went wrong before matters more
            await workspace.removeAll()
            throw error
        }
        await workspace.removeFiles()
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

    /// Each path's tree is restored beside it, by itself.
    private func buildFiles(_ part: PointPart, _ settings: FileSettings, _ journal: InPlaceJournal) async throws {
        for exchange in journal.exchanges {
            guard let new = exchange.new else { continue }
            watch(PointRestore.Phase.fetch.rawValue)
            try await restore.fetchSubtree(part, at: exchange.live, to: new)
        }
    }
}
