public import Chunking
public import Trees

/// A file of a tree whose bytes come from elsewhere: a consistent copy in place of a database that is being written to.
public struct Overlay: Sendable {
    /// Components of the absolute path.
    public let path: [[UInt8]]
    /// Names in the same directory that are left out, since they belong to the original and not to the copy.
    public let hidden: Set<[UInt8]>
    /// Size of the copy.
    public let byteCount: UInt64
    /// Last change of the content.
    public let modified: Timestamp
    /// When the copy was made. Stands in place of the `ctime`, so that the content of no other snapshot is taken over.
    public let copied: Timestamp
    /// How it is cut.
    public let chunking: ChunkingPolicy
    /// Opens the copy.
    public let open: @Sendable () throws(TreeError) -> any SourceFile

    /// Describes a file in place of another.
    public init(
        path: [[UInt8]], hidden: Set<[UInt8]> = [], byteCount: UInt64, modified: Timestamp, copied: Timestamp,
        chunking: ChunkingPolicy, open: @escaping @Sendable () throws(TreeError) -> any SourceFile
    ) {
        self.path = path
        self.hidden = hidden
        self.byteCount = byteCount
        self.modified = modified
        self.copied = copied
        self.chunking = chunking
        self.open = open
    }

    /// The original's metadata, without what would tie the node to the original's inode.
    func metadata(from original: Metadata) -> Metadata {
        var metadata = original
        metadata.byteCount = byteCount
        metadata.modified = modified
        metadata.accessed = modified
        metadata.changed = copied
        metadata.inode = 0
        metadata.deviceID = 0
        metadata.linkCount = 1
        return metadata
    }
}

/// A source with files of another origin in the places of its own: owner, mode, attributes and all else stay those of the
/// original. Every path must be in the source beneath; a directory that lacks one cannot be listed, so that no copy is left
/// out in silence.
public struct OverlaySource: TreeSource {
    private let base: any TreeSource
    private let overlays: [Overlay]

    /// Lays files over a source.
    public init(_ base: any TreeSource, _ overlays: [Overlay]) {
        self.base = base
        self.overlays = overlays
    }

    public func root() throws(TreeError) -> any SourceDirectory {
        let root = try base.root()
        return overlays.isEmpty ? root : OverlayDirectory(root, overlays, depth: 0)
    }
}

/// A directory with an overlay in it or below it.
private final class OverlayDirectory: SourceDirectory {
    private let base: any SourceDirectory
    private let overlays: [Overlay]
    private let depth: Int

    init(_ base: any SourceDirectory, _ overlays: [Overlay], depth: Int) {
        self.base = base
        self.overlays = overlays
        self.depth = depth
    }

    private var files: [Overlay] { overlays.filter { $0.path.count == depth + 1 } }

    func entries() throws(TreeError) -> SourceListing {
        var listing = try base.entries()
        var missing = files
        let hidden = files.reduce(into: Set<[UInt8]>()) { $0.formUnion($1.hidden) }
        listing.entries.removeAll { hidden.contains($0.name) }
        listing.failures.removeAll { failure in
            hidden.contains { failure.subject.hasSuffix("/" + RawName.printable($0)) }
        }
        listing.entries = listing.entries.map { entry in
            guard let overlay = files.first(where: { $0.path[depth] == entry.name }), entry.metadata.kind == .file
            else {
                return entry
            }
            missing.removeAll { $0.path == overlay.path }
            return SourceEntry(
                name: entry.name, metadata: overlay.metadata(from: entry.metadata), chunking: overlay.chunking)
        }
        if let overlay = missing.first {
            throw TreeError(
                .notFound, "the file went while a copy of it was made", subject: RawPath.printable(overlay.path),
                hint: "run the backup once more")
        }
        return listing
    }

    func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { try base.details(of: entry) }

    func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile {
        if let overlay = files.first(where: { $0.path[depth] == entry.name }) { return try overlay.open() }
        return try base.open(entry)
    }

    func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
        let below = overlays.filter { $0.path.count > depth + 1 && $0.path[depth] == entry.name }
        let directory = try base.directory(entry)
        return below.isEmpty ? directory : OverlayDirectory(directory, below, depth: depth + 1)
    }
}
