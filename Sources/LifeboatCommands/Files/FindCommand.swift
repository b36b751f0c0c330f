import ArgumentParser
import Repository
import Sealing
import Synchronization
import Trees

struct FindCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Look for files in all snapshots, or for what refers to an object.",
        discussion: """
              lifeboat find '*.sql'
              lifeboat find --snapshot latest --long '/home/*/.ssh/*'
              lifeboat find --oldest 2026-11-01 --newest 2026-11-08 invoice.pdf
              lifeboat find --pack 3fa9c1
            """)

    @Argument(
        help: ArgumentHelp("Patterns for names or paths; IDs with --blob, --tree or --pack.", valueName: "pattern"))
    var patterns: [String]

    @Option(name: .shortAndLong, help: ArgumentHelp("Only in these snapshots.", valueName: "snapshot"))
    var snapshot: [String] = []

    @OptionGroup var filter: SnapshotFilterOptions

    @Flag(name: .shortAndLong, help: "Show mode, owner, size and time.") var long = false
    @Flag(name: .shortAndLong, help: "Take upper and lower case for the same.") var ignoreCase = false
    @Option(help: ArgumentHelp("Only what was changed at or after this time.", valueName: "time")) var oldest:
        TimeArgument?
    @Option(help: ArgumentHelp("Only what was changed at or before this time.", valueName: "time")) var newest:
        TimeArgument?
    @Flag(help: "Look for files that need these blobs.") var blob = false
    @Flag(help: "Look for directories that are these trees.") var tree = false
    @Flag(help: "Look for what needs blobs in these packs.") var pack = false

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if patterns.isEmpty { throw ValidationError("give at least one pattern") }
        if [blob, tree, pack].filter({ $0 }).count > 1 {
            throw ValidationError("--blob, --tree and --pack exclude each other")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let settings = try self.settings()
        let access = RepositoryAccess(context: context, options: global)
        return try await access.reading(reading) { repository in
            let entries = try await chosen(from: repository)
            let results = FindResults()
            let show = Show(output: context.output, isJSON: global.json, isLong: long)
            try await repository.indexed().find(settings, in: entries) { entry, match in
                try results.add(entry, match, show)
            }
            if global.json { try context.output.json(results.all) }
            return .done
        }
    }

    private func settings() throws -> FindSettings {
        var settings = FindSettings()
        if blob {
            settings.blobs = patterns
        } else if tree {
            settings.trees = patterns
        } else if pack {
            settings.packs = patterns
        } else {
            settings.patterns = try PatternList(ignoreCase ? patterns.map { $0.lowercased() } : patterns)
        }
        settings.ignoresCase = ignoreCase
        settings.oldest = oldest?.value
        settings.newest = newest?.value
        return settings
    }

    private func chosen(from repository: OpenRepository) async throws -> [SnapshotEntry] {
        if snapshot.isEmpty {
            return try await repository.snapshots().entries.filter { filter.filter.matches($0.snapshot) }
        }
        var entries = [SnapshotEntry]()
        for text in snapshot { entries.append(try await repository.findSnapshot(text, filter: filter.filter)) }
        return entries
    }
}

/// How matches are shown.
private struct Show: Sendable {
    let output: CommandOutput
    let isJSON: Bool
    let isLong: Bool
}

/// What was found, by snapshot; text is printed as it comes, JSON gathered.
private final class FindResults: Sendable {
    struct Group: Encodable, Sendable {
        let snapshot: String
        var hits: Int
        var matches: [Match]
    }

    struct Match: Encodable, Sendable {
        let path: String
        let listing: NodeListing?
        let objectID: String?
        let objectType: String?

        private enum CodingKeys: String, CodingKey {
            case path
            case objectID = "object_id"
            case objectType = "object_type"
        }

        func encode(to encoder: any Encoder) throws {
            try listing?.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .path)
            try container.encodeIfPresent(objectID, forKey: .objectID)
            try container.encodeIfPresent(objectType, forKey: .objectType)
        }
    }

    private let groups = Mutex<[Group]>([])

    var all: [Group] { groups.withLock { $0 } }

    func add(_ entry: SnapshotEntry, _ match: FindMatch, _ show: Show) throws {
        let listing = match.node.map { NodeListing(node: $0, path: match.path) }
        let isNew = groups.withLock { groups in
            let isNew = groups.last?.snapshot != entry.id.hex
            if isNew { groups.append(Group(snapshot: entry.id.hex, hits: 0, matches: [])) }
            groups[groups.count - 1].hits += 1
            if show.isJSON {
                groups[groups.count - 1].matches.append(
                    Match(
                        path: String(decoding: RawPath.absolute(match.path), as: UTF8.self), listing: listing,
                        objectID: match.blob?.hex, objectType: match.type.map { $0 == .data ? "blob" : "tree" }))
            }
            return isNew
        }
        if show.isJSON { return }
        if isNew { try show.output.print("snapshot \(entry.id.short) of \(Units.localTime(entry.moment)):") }
        let text = listing.map { show.isLong ? $0.long : $0.short } ?? RawPath.printable(match.path)
        try show.output.print(match.blob.map { "\(text) (\($0.short))" } ?? text)
    }
}
