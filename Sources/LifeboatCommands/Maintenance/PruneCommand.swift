import ArgumentParser
import Repository

struct PruneCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Delete data that no snapshot needs.",
        discussion: """
            In two runs, so that backups go on meanwhile: the first lists what is without use, the second, at the next prune, \
            looks again and deletes what still is. --now does both at once and needs the repository to itself.

              lifeboat prune --dry-run
              lifeboat prune
              lifeboat prune --now --max-unused 0%
            """)

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.") var dryRun = false

    @OptionGroup var options: PruneOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let settings = options.settings(context)
        if dryRun {
            let plan = try await repository.locked(.shared, access.locks) { _ in
                try await repository.prunePlan(settings)
            }
            try context.output.report(PrunePlanReport(plan), global)
            return .done
        }
        try await PruneRun(access: access, repository: repository, options: options, global: global).run(settings)
        return .done
    }
}

/// Prunes, and says what was done: for `prune` and for `forget --prune`.
struct PruneRun {
    let access: RepositoryAccess
    let repository: OpenRepository
    let options: PruneOptions
    let global: GlobalOptions

    func run(_ settings: PruneSettings) async throws {
        let copied = LatestCount()
        let report = try await access.context.withProgress(global) { elapsed in
            let (done, total) = copied.value
            return ProgressLine(
                title: "prune", byteCount: 0, totalByteCount: nil, fileCount: UInt64(done),
                totalFileCount: total > 0 ? UInt64(total) : nil, failureCount: 0, noun: ("pack", "packs"),
                elapsed: elapsed)
        } _: {
            try await repository.prune(settings, locks: access.locks, deletesNow: options.now) { copied.set($0, $1) }
        }
        try access.context.output.report(PruneRunReport(report), global)
    }
}
