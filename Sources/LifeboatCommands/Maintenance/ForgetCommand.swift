import ArgumentParser
import Repository
import Retention
import Sealing

struct ForgetCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Remove snapshots, by rules or by name.",
        discussion: """
            Rules decide about each group of snapshots (same host and paths) alone; a snapshot stays when any rule wants it. Only \
            the record goes: the data stays until `prune`.

              lifeboat forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run
              lifeboat forget --keep-within 30d --tag nightly --prune
              lifeboat forget 1a2b3c4d
            """)

    @Argument(help: ArgumentHelp("Remove these: IDs, or beginnings of them.", valueName: "snapshot"))
    var snapshots: [String] = []

    @OptionGroup(title: "What to keep") var keep: KeepOptions
    @OptionGroup(title: "Which snapshots") var filter: ForgetFilterOptions
    @OptionGroup(title: "Prune") var pruning: PruneOptions

    @Flag(name: [.customShort("n"), .long], help: "Say what would be removed, and remove nothing.") var dryRun = false
    @Flag(help: "Prune when snapshots were removed.") var prune = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if !snapshots.isEmpty, !keep.policy.isEmpty {
            throw ValidationError("give snapshots or rules, not both")
        }
        if pruning.now, !prune { throw ValidationError("--now needs --prune") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        // Shared is enough: only prune deletes what readers and backups rely on.
        let removed = try await repository.locked(.shared, access.locks) { _ in
            snapshots.isEmpty ? try await byRules(repository, context) : try await byName(repository, context)
        }
        if prune, removed > 0, !dryRun {
            try await PruneRun(access: access, repository: repository, options: pruning, global: global)
                .run(pruning.settings(context))
        }
        return .done
    }

    private func byRules(_ repository: OpenRepository, _ context: CommandContext) async throws -> Int {
        let plan = try await repository.forgetPlan(
            policy: keep.policy, groupBy: filter.groupBy.value, filter: filter.filter, now: context.now())
        for id in plan.damaged {
            context.output.message("warning: snapshot \(id.short) cannot be read, and is left alone")
        }
        if plan.pointSnapshotCount > 0, !global.quiet {
            context.output.message(
                "note: \(Units.count(plan.pointSnapshotCount, "snapshot")) of recovery points are left alone; "
                    + "`lifeboat retention` decides about those")
        }
        if !dryRun { try await repository.forget(plan) }
        try context.output.report(ForgetReport(plan, isDryRun: dryRun), global)
        return plan.removed.count
    }

    private func byName(_ repository: OpenRepository, _ context: CommandContext) async throws -> Int {
        let ids = try await repository.snapshotIDs(naming: snapshots)
        if !dryRun { try await repository.forget(ids) }
        try context.output.report(NamedReport(ids: ids.map(\.hex), isDryRun: dryRun), global)
        return ids.count
    }
}

/// Which snapshots rules decide about, and in which groups.
struct ForgetFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only snapshots of this host.", valueName: "name")) var host: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only snapshots with all of these tags; given more than once, any of the lists.", valueName: "tag[,tag…]"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("Only snapshots of this path.", valueName: "path")) var path: [String] = []

    @Option(
        name: [.customShort("g"), .long],
        help: ArgumentHelp(
            "Decide about each group alone: any of host, paths, tags, or nothing.", valueName: "host,paths,tags"))
    var groupBy = GroupingArgument(.usual)

    /// The filter for the engine.
    var filter: SnapshotFilter {
        var filter = SnapshotFilter()
        filter.hosts = host
        filter.tags = tag.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        filter.paths = path
        return filter
    }
}

/// Snapshots removed by name.
private struct NamedReport: Report {
    private let messageType = "forgotten"
    let ids: [String]
    private let dryRun: Bool

    init(ids: [String], isDryRun: Bool) {
        self.ids = ids
        dryRun = isDryRun
    }

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case ids
        case dryRun = "dry_run"
    }

    var lines: [String] { ids.map { "\(dryRun ? "would remove" : "removed") snapshot \($0.prefix(8))" } }
}

/// What rules decided, in the shape of restic's JSON.
private struct ForgetReport: Report {
    private let groups: [Group]
    private let isDryRun: Bool

    private struct Group: Encodable {
        let host: String
        let paths: [String]?
        let tags: [String]?
        let keep: [SnapshotEntry]
        let remove: [SnapshotEntry]
        let reasons: [Reason]
    }

    private struct Reason: Encodable {
        let snapshot: SnapshotEntry
        let matches: [String]
    }

    init(_ plan: ForgetPlan, isDryRun: Bool) {
        self.isDryRun = isDryRun
        groups = plan.groups.map { group in
            Group(
                host: group.hostname ?? "", paths: group.paths, tags: group.tags, keep: group.keep.map(\.snapshot),
                remove: group.remove, reasons: group.keep.map { Reason(snapshot: $0.snapshot, matches: $0.reasons) })
        }
    }

    func encode(to encoder: any Encoder) throws { try groups.encode(to: encoder) }

    var lines: [String] {
        if groups.isEmpty { return ["no snapshots"] }
        let removed = groups.reduce(0) { $0 + $1.remove.count }
        return groups.flatMap(lines) + ["\(isDryRun ? "would remove" : "removed") \(Units.count(removed, "snapshot"))"]
    }

    private func lines(_ group: Group) -> [String] {
        var lines = [GroupKey(hostname: group.host, paths: group.paths, tags: group.tags).title, "keep:"]
        lines += SnapshotTable.lines(group.keep, reasons: group.reasons.map(\.matches))
        if !group.remove.isEmpty { lines += ["remove:"] + SnapshotTable.lines(group.remove) }
        return lines + [""]
    }
}
