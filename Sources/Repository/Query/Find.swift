public import Sealing
public import Trees

/// What is looked for. All that is set must hold, but IDs are looked for apart from names.
public struct FindSettings: Sendable {
    /// Patterns for names and paths; what matches a directory matches what is in it.
    public var patterns = PatternList()
    /// Takes upper and lower case for the same. The patterns must be in lower case then.
    public var ignoresCase = false
    /// Only what was changed at or after this moment.
    public var oldest: Timestamp?
    /// Only what was changed at or before this moment.
    public var newest: Timestamp?
    /// Beginnings of IDs of data blobs.
    public var blobs: [String] = []
    /// Beginnings of IDs of trees.
    public var trees: [String] = []
    /// Beginnings of names of packs: whatever refers to a blob in one of them.
    public var packs: [String] = []

    /// Looks for nothing.
    public init() {}

    var looksForIDs: Bool { !blobs.isEmpty || !trees.isEmpty || !packs.isEmpty }

    func accepts(_ path: [[UInt8]], _ node: Node) -> Bool {
        if let oldest, node.metadata.modified < oldest { return false }
        if let newest, node.metadata.modified > newest { return false }
        return patterns.matches(ignoresCase ? path.map(FindSettings.lowercased) : path)
    }

    private static func lowercased(_ name: [UInt8]) -> [UInt8] {
        guard let text = String(validating: name, as: UTF8.self) else { return name }
        return Array(text.lowercased().utf8)
    }
}

/// Something that was found.
public struct FindMatch: Sendable, Hashable {
    /// Components of the path; none for the root of a snapshot.
    public let path: [[UInt8]]
    /// The node; nil for the root of a snapshot.
    public let node: Node?
    /// The blob that was looked for by its ID or pack; nil for a match by name.
    public let blob: BlobID?
    /// What that blob holds.
    public let type: BlobType?
}

/// Beginnings of IDs.
struct DigestPrefixes: Sendable {
    private let texts: [String]

    init(_ texts: [String]) { self.texts = texts.map { $0.lowercased() } }

    var isEmpty: Bool { texts.isEmpty }

    func match(_ digest: Digest) -> Bool {
        guard !texts.isEmpty else { return false }
        let hex = digest.hex
        return texts.contains { !$0.isEmpty && hex.hasPrefix($0) }
    }
}

/// Looks through snapshots, one after another, on one thread.
private struct Finder {
    private let indexed: IndexedRepository
    private let settings: FindSettings
    private let blobs: Set<BlobID>
    private let trees: Set<BlobID>

    init(_ indexed: IndexedRepository, _ settings: FindSettings) {
        self.indexed = indexed
        self.settings = settings
        let packs = DigestPrefixes(settings.packs)
        let byType = [DigestPrefixes(settings.blobs), DigestPrefixes(settings.trees)]
        var found: [Set<BlobID>] = [[], []]
        let table = indexed.table
        for number in settings.looksForIDs ? table.packs.indices : 0..<0 {
            let isWanted = packs.match(table.packs[number].digest)
            for entry in table.entries(ofPack: number) {
                let (id, type) = (table.blob(of: entry), Int(table.type(of: entry).rawValue))
                if isWanted || byType[type].match(id.digest) { found[type].insert(id) }
            }
        }
        (blobs, trees) = (found[0], found[1])
    }

    func run(_ snapshot: SnapshotEntry, _ stop: StopFlag, _ visit: (FindMatch) throws -> Void) throws {
        if trees.contains(snapshot.tree) {
            try visit(FindMatch(path: [], node: nil, blob: snapshot.tree, type: .tree))
        }
        var walk = OrderedWalk(indexed)
        try walk.run(snapshot.tree, stop: stop) { path, node in
            if settings.accepts(path, node) { try visit(FindMatch(path: path, node: node, blob: nil, type: nil)) }
            if let subtree = node.subtree, trees.contains(subtree) {
                try visit(FindMatch(path: path, node: node, blob: subtree, type: .tree))
            }
            guard !blobs.isEmpty else { return true }
            var seen = Set<BlobID>()
            for id in node.content where blobs.contains(id) && seen.insert(id).inserted {
                try visit(FindMatch(path: path, node: node, blob: id, type: .data))
            }
            return true
        }
    }
}

extension IndexedRepository {
    /// Looks through snapshots, in the order given. `visit` is called on a thread of its own with each match.
    public func find(
        _ settings: FindSettings, in snapshots: [SnapshotEntry],
        visit: @escaping @Sendable (SnapshotEntry, FindMatch) throws -> Void
    ) async throws {
        let flag = StopFlag()
        try await withTaskCancellationHandler {
            try await Threads.run("find") {
                let finder = Finder(self, settings)
                for snapshot in snapshots { try finder.run(snapshot, flag) { try visit(snapshot, $0) } }
            }
        } onCancel: {
            flag.raise()
        }
    }
}
