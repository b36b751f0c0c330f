import Configuration
import DataSources
import Glibc
import Ledger
import ObjectStore
import Recovery
import Repository
import Sealing
import Trees

/// Opens what commands about plans and points need: the configuration, a repository, and the context of module Recovery.
struct RecoveryAccess {
    let context: CommandContext
    let options: GlobalOptions
    /// Continue with versions of servers that were never tried.
    var acceptsUntested = false

    /// A configuration and the repository that it leads to.
    struct Opened {
        let configuration: LifeboatConfiguration
        var recovery: RecoveryContext
        /// The events of this repository.
        let ledger: Ledger

        /// A plan by its name.
        func plan(_ name: String) throws -> Plan {
            if let plan = configuration.plan(name) { return plan }
            throw CommandError(
                .invalidArgument, "no plan is called `\(name)`", subject: configuration.file,
                hint: "it has: " + configuration.plans.map(\.name).joined(separator: ", "))
        }

        /// Sources by their names, in the order of the configuration.
        func sources(_ names: [String]) throws -> [ProtectedSource] {
            let wanted = Set(try names.map { try source($0).name })
            return configuration.sources.filter { wanted.contains($0.name) }
        }

        /// A source by its name.
        func source(_ name: String) throws -> ProtectedSource {
            if let source = configuration.source(name) { return source }
            throw CommandError(
                .invalidArgument, "no source is called `\(name)`", subject: configuration.file,
                hint: "it has: " + configuration.sources.map(\.name).joined(separator: ", "))
        }
    }

    /// Reads the configuration and opens the store of `plan`, or the one that was named, or the only one.
    func open(plan: String? = nil) async throws -> Opened {
        let configuration = try await ConfigurationAccess(context: context, options: options).load()
        let settings = try RecoveryAccess.storeSettings(configuration, named: options.store, plan: plan)
        let resolver = SecretResolver(environment: context.environment)
        var access = RepositoryAccess(context: context, options: options)
        access.configured = try await ConfiguredStore(settings, resolver)
        let repository = try await access.open()
        let ledger = try ledger(configuration, repository)
        return Opened(
            configuration: configuration, recovery: try await recovery(configuration, access, repository, ledger),
            ledger: ledger)
    }

    /// The store that was named, else the plan's, else the only one.
    static func storeSettings(
        _ configuration: LifeboatConfiguration, named store: String?, plan: String? = nil
    ) throws -> StoreSettings {
        let name =
            try store
            ?? plan.map { name in
                guard let plan = configuration.plan(name) else {
                    throw CommandError(
                        .invalidArgument, "no plan is called `\(name)`", subject: configuration.file,
                        hint: "it has: " + configuration.plans.map(\.name).joined(separator: ", "))
                }
                return plan.store
            }
        let known = configuration.stores.map(\.name).joined(separator: ", ")
        if let name {
            if let found = configuration.store(name) { return found }
            throw CommandError(
                .invalidArgument, "no store is called `\(name)`", subject: configuration.file, hint: "it has: \(known)")
        }
        guard configuration.stores.count == 1 else {
            throw CommandError(
                .invalidArgument, "the configuration has several stores", subject: configuration.file,
                hint: "name one with --store: \(known)")
        }
        return configuration.stores[0]
    }

    private func recovery(
        _ configuration: LifeboatConfiguration, _ access: RepositoryAccess, _ repository: OpenRepository,
        _ ledger: Ledger
    ) async throws -> RecoveryContext {
        let environment = sourceEnvironment
        let say = self.say
        let recorder = LedgerRecorder(ledger, user: context.user.name, report: say)
        var recovery = RecoveryContext(
            repository: repository, locks: access.locks, environment: environment, factory: .standard,
            recorder: recorder, stateFolder: configuration.state, service: configuration.service,
            node: configuration.node,
            user: .init(name: context.user.name, uid: context.user.uid, gid: context.user.gid),
            programVersion: "lifeboat \(Lifeboat.version)",
            configuration: .init(digest: configuration.digest.hex, text: configuration.text))
        recovery.handover = configuration.handover
        recovery.hooks = configuration.hooks
        recovery.report = say
        recovery.alarm = { [output = context.output] in output.message("warning: " + $0) }
        recovery.archive.writer.threadCount = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 2), 16)
        // A server far away answers late, so several packs are on their way; a disk is kept busy by one.
        if repository.location.hasPrefix("s3:") { recovery.archive.writer.uploadCount = 3 }
        return recovery
    }

    /// Shows a line to the operator.
    private var say: @Sendable (String) -> Void {
        let (output, isQuiet) = (context.output, options.quiet || options.json)
        return { line in
            if !isQuiet { output.message(RawName.printable(Array(line.utf8))) }
        }
    }

    /// What sources get to see of the world. What tools say as they work is shown with --verbose.
    var sourceEnvironment: SourceEnvironment {
        var environment = SourceEnvironment(
            variables: ChildEnvironment.allowed(context.environment),
            temporaryFolder: context.variable("TMPDIR") ?? "/tmp", now: context.now)
        if options.verbose { environment.report = say }
        environment.acceptsUntested = acceptsUntested
        return environment
    }

    private func ledger(_ configuration: LifeboatConfiguration, _ repository: OpenRepository) throws -> Ledger {
        let now = context.now
        return try Ledger(
            store: repository.store, repositoryID: repository.config.id, key: repository.key,
            node: Ledger.node(named: configuration.node), folder: configuration.state + "/ledger"
        ) {
            EventTime(seconds: now().seconds, nanoseconds: now().nanoseconds)
        }
    }
}
