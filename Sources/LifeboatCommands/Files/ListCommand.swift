import ArgumentParser
import Repository
import Sealing
import Trees

struct ListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the files in a snapshot.",
        discussion: """
              lifeboat ls latest \
              lifeboat ls -l latest /etc \
              lifeboat ls --json 1a2b3c4d /srv/app
            """)

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "snapshot")) var snapshot: String
    @Argument(help: ArgumentHelp("Only what is at or below these paths.", valueName: "path")) var paths: [String] = []

    @Flag(name: .shortAndLong, help: "Show mode, owner, size and time.") var long = false
    @Flag(inversion: .prefixedNo, help: "Go into directories.") var recursive = true

    @OptionGroup var filter: LatestOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await RepositoryAccess(context: context, options: global).reading(reading) { repository in
            let entry = try await repository.findSnapshot(snapshot, filter: filter.filter)
            let tree = SnapshotTree(indexed: try await repository.indexed(), entry: entry)
            if global.json { try context.output.json(SnapshotLine(entry: entry)) }
            for path in paths.isEmpty ? ["/"] : paths {
                try await list(path.pathComponents, in: tree, context.output)
            }
        }
        return .done
    }

    private func list(_ path: [[UInt8]], in tree: SnapshotTree, _ output: CommandOutput) async throws {
        let node = try await tree.node(at: path)
        if let node { try show(node, path, output) }
        guard let root = node == nil ? tree.entry.tree : node?.subtree else { return }
        try await tree.walk(root, at: path) { node, path in
            try show(node, path, output)
            return recursive
        }
    }

    private func show(_ node: Node, _ path: [[UInt8]], _ output: CommandOutput) throws {
        let listing = NodeListing(node: node, path: path)
        if global.json { return try output.json(listing) }
        try output.print(long ? listing.long : listing.short)
    }
}

/// Which snapshots `latest` may be.
struct LatestOptions: ParsableArguments {
    @Option(name: [.customShort("H"), .long], help: ArgumentHelp("`latest` is of this host.", valueName: "name"))
    var host: [String] = []

    @Option(help: ArgumentHelp("`latest` has these tags.", valueName: "tag[,tag…]")) var tag: [String] = []

    /// The filter for the engine.
    var filter: SnapshotFilter {
        var filter = SnapshotFilter()
        filter.hosts = host
        filter.tags = tag.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        return filter
    }
}

/// The first line of `ls --json`: the snapshot.
private struct SnapshotLine: Encodable {
    let entry: SnapshotEntry

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case structType = "struct_type"
    }

    func encode(to encoder: any Encoder) throws {
        try entry.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("snapshot", forKey: .messageType)
        try container.encode("snapshot", forKey: .structType)
    }
}
