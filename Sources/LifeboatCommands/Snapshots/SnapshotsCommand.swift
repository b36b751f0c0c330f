import ArgumentParser
import Repository
import Retention
import Sealing

struct SnapshotsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "snapshots", abstract: "List snapshots, oldest first.",
        discussion: """
              lifeboat snapshots \
              lifeboat snapshots --host web1 --tag nightly --latest 3 \
              lifeboat snapshots --group-by host,paths --json
            """)

    @Argument(help: ArgumentHelp("Only these: IDs, beginnings of them, or `latest`.", valueName: "snapshot"))
    var snapshots: [String] = []

    @OptionGroup var filter: SnapshotFilterOptions

    @Option(help: ArgumentHelp("Only the newest n of each host and set of paths.", valueName: "n"))
    var latest: Int?

    @Option(help: ArgumentHelp("Put into groups by any of host, paths, tags.", valueName: "host,paths,tags"))
    var groupBy: GroupingArgument?

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if let latest, latest < 1 { throw ValidationError("--latest takes a number from 1 on") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        return try await access.reading(reading) { repository in
            let list = try await repository.snapshots()
            for (id, error) in list.damaged {
                let report = ErrorReport(error)
                context.output.message("warning: snapshot \(id.short) cannot be read: \(report.message)")
            }
            let entries = try await chosen(from: list, in: repository)
            try show(entries, context.output)
            return list.damaged.isEmpty ? .done : .failed
        }
    }

    private func chosen(from list: SnapshotList, in repository: OpenRepository) async throws -> [SnapshotEntry] {
        var entries = list.entries.filter { filter.filter.matches($0.snapshot) }
        if !snapshots.isEmpty {
            var wanted = Set<SnapshotEntry>()
            for text in snapshots { wanted.insert(try await repository.findSnapshot(text, filter: filter.filter)) }
            entries = entries.filter(wanted.contains)
        }
        guard let latest else { return entries }
        let items = entries.map(\.retentionItem)
        let newest = RetentionGrouping.usual.groups(of: items).flatMap { $0.indices.suffix(latest) }
        return newest.sorted().map { entries[$0] }
    }

    private func show(_ entries: [SnapshotEntry], _ output: CommandOutput) throws {
        guard let grouping = groupBy?.value else {
            return try output.report(Listing(entries: entries), global)
        }
        let groups = grouping.groups(of: entries.map(\.retentionItem)).map { group in
            Group(
                key: GroupKey(hostname: group.hostname, paths: group.paths, tags: group.tags),
                entries: group.indices.map { entries[$0] })
        }
        try output.report(Groups(groups: groups), global)
    }
}

// MARK: - Output

private struct Listing: Report {
    let entries: [SnapshotEntry]

    func encode(to encoder: any Encoder) throws { try entries.encode(to: encoder) }

    var lines: [String] { SnapshotTable.lines(entries) }
}

private struct Group: Encodable {
    let key: GroupKey
    let entries: [SnapshotEntry]

    private enum CodingKeys: String, CodingKey {
        case key = "group_key"
        case snapshots
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        try container.encode(entries, forKey: .snapshots)
    }
}

private struct Groups: Report {
    let groups: [Group]

    func encode(to encoder: any Encoder) throws { try groups.encode(to: encoder) }

    var lines: [String] { groups.flatMap { [$0.key.title] + SnapshotTable.lines($0.entries) + [""] } }
}
