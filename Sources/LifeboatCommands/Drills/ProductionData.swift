import Configuration
import DataSources
import Drills
import FoundationEssentials
import Glibc
import Recovery
import Repository
import Trees

/// Brings a point of production into staging before a drill begins: read with credentials that are proven unable to write, masked
/// before anybody sees it, looked through before the application starts and once more at the end.
actor ProductionData: DrillPreparation, DrillExaminer {
    nonisolated let what = "data"
    nonisolated let changesStaging = true

    private let settings: DrillEnvironment.ProductionPoint
    private let mask: String
    private let scenario: Scenario
    private let environment: DrillEnvironment
    private let folder: DrillFolder
    private let reach: any HostReach
    private let context: CommandContext
    private let global: GlobalOptions
    /// In memory only. A runner that took over takes them from production once more.
    private var known: KnownPersonalData?
    private var masked: MaskedCopy?
    private var point: (id: String, moment: String)?
    /// Where copies of production are while they are of use: known by the drill's name to whoever takes over.
    private var copies: String?

    init(
        settings: DrillEnvironment.ProductionPoint, mask: String, scenario: Scenario, environment: DrillEnvironment,
        folder: DrillFolder,
        reach: any HostReach, context: CommandContext, global: GlobalOptions
    ) {
        self.settings = settings
        self.mask = mask
        self.scenario = scenario
        self.environment = environment
        self.folder = folder
        self.reach = reach
        self.context = context
        self.global = global
    }

    func resume() async throws {}

    /// Removes the masked copy, also when a drill ended before it was of use.
    func end() async {
        if let copy = masked?.copy {
            masked = nil
            try? await copy.end()  // the drill is over, and its verdict does not hang on this
        }
        if let copies { try? FileManager.default.removeItem(atPath: copies) }  // empty, or as above
        copies = nil
        unlink(statements)  // of a runner that died while it asked
    }

    /// A runner that died has left a copy here, maybe before it was masked. Its server died with it; a program that was preparing
    /// the copy may still write for a moment.
    private func removeLeft(_ folder: String) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while FileManager.default.fileExists(atPath: folder) {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                guard ContinuousClock.now < end else {
                    throw DrillError(
                        .helperFailed, "a copy of production's data that a dead runner left cannot be removed",
                        subject: folder, hint: "remove it by hand, then resume the drill", cause: error)
                }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Nothing of production gets into staging before its credentials are proven unable to write and a copy of it is masked.
    func check() async throws -> [DrillProof] {
        do {
            let opened = try await open()
            try await removeLeft(opened.recovery.stateFolder)
            if let reason = await WriteRefusal(opened.recovery.repository.store).prove() {
                return [DrillProof("production", "unproven: its credentials may be able to write: \(reason)")]
            }
            let source = try opened.source(settings.source)
            let entry = try await PointStore(opened.recovery.repository).find(settings.point, having: [source.name])
            let made = try await PointRestore(entry, in: opened.recovery).masked(
                source, by: mask, personal: scenario.personal)
            (masked, known) = (made, made.known)
            point = (entry.point.id, entry.point.moment.rfc3339)
            return [
                DrillProof("production", nil),
                DrillProof("masks", Self.words(made.found, "in the masked copy, which did not get into staging")),
            ]
        } catch let error as RecoveryError where error.code == .notHandedOver {
            return [DrillProof("masks", error.message)]
        } catch {
            throw failure(error)
        }
    }

    func prepare() async throws -> DrillPrepared {
        guard let masked, let point else {
            return DrillPrepared([DrillProof("masks", "unproven: there is no masked copy")])
        }
        do {
            try await run(settings.load, masked.copy, "the masked copy could not be brought into staging")
            let loaded = LoadedPoint(
                point: point.id, moment: point.moment, source: settings.source,
                byteCount: masked.copy.part.byteCount, mask: mask, maskedColumnCount: masked.record.maskedColumnCount,
                lookedForCount: masked.known.count, erasedCount: masked.record.erasedCount,
                maskSeconds: masked.record.maskSeconds)
            await end()
            // The application starts on nothing that was not looked through.
            if let failure = Self.words(try await staged(masked.known), "in staging; its application was not started") {
                return DrillPrepared([DrillProof("masks", failure)], loaded: loaded)
            }
            try await run(settings.open, nil, "the application could not be started on it")
            return DrillPrepared([], loaded: loaded)
        } catch {
            throw failure(error)
        }
    }

    func examine() async -> [(what: String, failure: String?)] {
        do {
            return [("masks", Self.words(try await staged(try await knownAgain()), "in staging at the end"))]
        } catch {
            return [("masks", "unproven: staging could not be looked through: \(error)")]
        }
    }

    private static func words(_ found: [String], _ place: String) -> String? {
        found.isEmpty
            ? nil : "known personal data is \(place): \(found.prefix(10).joined(separator: ", "))"
    }

    private func knownAgain() async throws -> KnownPersonalData {
        if let known { return known }
        let opened = try await open()
        let source = try opened.source(settings.source)
        let records = try LineLog<DrillRecord>(folder.events).read()
        var point = settings.point
        for case .loaded(let loaded) in records.map(\.event) { point = loaded.point }
        let entry = try await PointStore(opened.recovery.repository).find(point, having: [source.name])
        defer { if let copies, masked == nil { try? FileManager.default.removeItem(atPath: copies) } }
        let again = try await PointRestore(entry, in: opened.recovery).knownPersonalData(
            source, by: mask, personal: scenario.personal)
        known = again
        return again
    }

    // MARK: What is asked of whom

    /// Production's repository: nothing that was said of ours counts for it.
    private func open() async throws -> RecoveryAccess.Opened {
        var options = global
        options.config = settings.configuration
        (options.repository, options.passwordFile, options.passwordCommand) = (nil, nil, nil)
        options.store = settings.store
        var opened = try await RecoveryAccess(context: context, options: options).open()
        opened.recovery.stateFolder += "/drill-copies/" + folder.id
        copies = opened.recovery.stateFolder
        return opened
    }

    private func run(_ text: String, _ copy: ScratchCopy?, _ message: String) async throws {
        // What loads for a runner that died must not go on beside what loads for the next.
        var variables = folder.marked("production")
        variables["LIFEBOAT_SCRATCH_CONNECT"] = copy?.server?.howToConnect.first
        variables["LIFEBOAT_SCRATCH_FOLDER"] = copy?.folder
        let outcome = await reach.run(text, on: "operator", variables: variables, timeout: .seconds(14_400)) { _ in }
        guard let reason = outcome.failure else { return }
        try Task.checkCancellation()
        throw DrillError(
            .helperFailed, "\(message): \(reason)", subject: environment.name,
            hint: "mend `load` and `open` under `production-point` of the environment")
    }

    private func staged(_ known: KnownPersonalData) async throws -> [String] {
        try await known.found { sql, database in try await ask(sql, database) }
    }

    private var statements: String { folder.path + "/scan.sql" }

    /// Statements hold what they look for, so they go by a file that only we can read, never by arguments.
    private func ask(_ sql: String, _ database: String?) async throws -> [[String?]] {
        let path = statements
        let use = database.map { "USE `\($0)`;\n" } ?? ""
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data((use + sql + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw CommandError(.fileUnusable, "cannot be made: \(systemMessage(errno))", subject: path) }
        defer { unlink(path) }
        let outcome = await reach.run(
            "{ \(environment.sql ?? "false"); } <\"$STATEMENTS\"", on: settings.host,
            variables: ["STATEMENTS": path], timeout: .seconds(3600)
        ) { _ in }
        if let failure = outcome.failure {
            try Task.checkCancellation()
            throw DrillError(
                .helperFailed, "staging's database could not be asked: \(failure)", subject: environment.name)
        }
        return outcome.output.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { $0 == "NULL" ? nil : String($0) }
        }
    }

    /// What the runner makes a verdict of; being ended stays that.
    private func failure(_ error: any Error) -> any Error {
        if Task.isCancelled || error is CancellationError { return CancellationError() }
        if let known = error as? DrillError { return known }
        return DrillError(
            .helperFailed,
            "a point of production could not be brought into staging: \((error as? any DescribedError)?.message ?? "\(error)")",
            subject: settings.configuration, cause: error)
    }
}
