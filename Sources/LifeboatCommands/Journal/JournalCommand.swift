import ArgumentParser
import Configuration
import Recovery

struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Archive the logs of databases all the time, so that any second can be restored.",
        discussion: """
            For sources with `journal:` in the configuration. MariaDB's binary log and PostgreSQL's WAL are followed with the \
            engine's own tool, flushed to this machine's disk, and stored every second while something happens.

              lifeboat journal run
              lifeboat journal status --json
            """, subcommands: [JournalRunCommand.self, JournalStatusCommand.self])
}

/// The sources that a journal command is about, by the store that their log goes to.
struct JournalSources {
    let access: RecoveryAccess

    /// Opens each store once. Names nothing, all sources with `journal:`.
    ///
    /// - Throws: `CommandError` for a source without journal, or one whose store is not clear.
    func open(_ names: [String]) async throws -> [(source: ProtectedSource, recovery: RecoveryContext)] {
        let configuration = try await ConfigurationAccess(context: access.context, options: access.options).load()
        let sources = try sources(configuration, names)
        var opened = [String: RecoveryContext]()
        var result = [(source: ProtectedSource, recovery: RecoveryContext)]()
        for source in sources {
            let plan = try plan(configuration, source.name)
            let store = try RecoveryAccess.storeSettings(configuration, named: access.options.store, plan: plan).name
            if opened[store] == nil { opened[store] = try await access.open(plan: plan).recovery }
            if let recovery = opened[store] { result.append((source, recovery)) }
        }
        return result
    }

    private func sources(_ configuration: LifeboatConfiguration, _ names: [String]) throws -> [ProtectedSource] {
        let known = configuration.sources.filter { $0.journal != nil }
        guard !known.isEmpty else {
            throw CommandError(
                .invalidArgument, "no source has a journal", subject: configuration.file,
                hint: "write `journal: true` at a source of kind mariadb or postgresql")
        }
        return try names.isEmpty
            ? known
            : names.map { name in
                if let source = known.first(where: { $0.name == name }) { return source }
                throw CommandError(
                    .invalidArgument, "no source with a journal is called `\(name)`", subject: configuration.file,
                    hint: "there are: " + known.map(\.name).joined(separator: ", "))
            }
    }

    /// A plan with the source, which says which store; nil when none has it.
    private func plan(_ configuration: LifeboatConfiguration, _ source: String) throws -> String? {
        let plans = configuration.plans.filter { $0.sources.contains(source) }
        if access.options.store == nil, Set(plans.map(\.store)).count > 1 {
            throw CommandError(
                .invalidArgument, "\(source) goes to several stores", subject: configuration.file,
                hint: "say which with --store: " + Set(plans.map(\.store)).sorted().joined(separator: ", "))
        }
        return plans.first?.name
    }
}
