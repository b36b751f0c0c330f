import Trees

/// A directory that is read from somewhere else: `/srv` from `/srv/.lifeboat-snapshot-…`.
struct MovedDirectory: Sendable {
    /// Components of the path that it is saved as.
    let path: [[UInt8]]
    /// Components of the path it is read from.
    let place: [[UInt8]]
    /// Device number that its files are saved with, so that it stays the same from snapshot to snapshot.
    let deviceID: UInt64
    /// Paths in it that are saved, as components of the path they are saved as.
    let targets: [[[UInt8]]]
}

/// Files in snapshots of a file system, as if they lay at their original paths.
///
/// What is above a snapshot comes from the live system. Patterns are held against original paths.
struct SnapshotTree: TreeSource {
    let moved: [MovedDirectory]
    let options: LocalSourceOptions
    let record: WalkRecord

    func root() throws(TreeError) -> any SourceDirectory {
        var above = LocalSourceOptions()
        above.keepsAccessTime = options.keepsAccessTime
        let live = try LocalTreeSource(paths: moved.map { RawPath.absolute($0.path) }, options: above)
        return try directory(live.root(), [], on: moved)
    }

    private func directory(
        _ live: any SourceDirectory, _ path: [[UInt8]], on moved: [MovedDirectory]
    ) throws(TreeError) -> any SourceDirectory {
        if let here = moved.first(where: { $0.path == path }) { return try snapshot(here) }
        return AboveSnapshots(tree: self, live: live, path: path, moved: moved)
    }

    /// The directory of the snapshot, as a source that holds what is saved of it.
    private func snapshot(_ moved: MovedDirectory) throws(TreeError) -> any SourceDirectory {
        var inner = options
        inner.excludes = PatternList()
        let paths = moved.targets.map { RawPath.absolute(moved.place + $0.dropFirst(moved.path.count)) }
        var directory = try LocalTreeSource(paths: paths, options: inner).root()
        for name in moved.place {
            guard let entry = try directory.entries().entries.first(where: { $0.name == name }) else {
                throw TreeError(.notFound, "the snapshot went", subject: RawPath.printable(moved.place))
            }
            directory = try directory.directory(entry)
        }
        return SnapshotDirectory(tree: self, base: directory, path: moved.path, moved: moved)
    }

    /// What the snapshot says of its own top directory.
    private func metadata(_ moved: MovedDirectory) throws(TreeError) -> Metadata {
        var directory = try LocalTreeSource(paths: [RawPath.absolute(moved.place)]).root()
        for name in moved.place.dropLast() {
            guard let entry = try directory.entries().entries.first(where: { $0.name == name }) else { break }
            directory = try directory.directory(entry)
        }
        guard let entry = try directory.entries().entries.first(where: { $0.name == moved.place.last }) else {
            throw TreeError(.notFound, "the snapshot went", subject: RawPath.printable(moved.place))
        }
        return moved.metadata(entry.metadata)
    }

    /// A live directory on the way to a snapshot.
    private final class AboveSnapshots: SourceDirectory {
        let tree: SnapshotTree
        let live: any SourceDirectory
        let path: [[UInt8]]
        let moved: [MovedDirectory]

        init(tree: SnapshotTree, live: any SourceDirectory, path: [[UInt8]], moved: [MovedDirectory]) {
            self.tree = tree
            self.live = live
            self.path = path
            self.moved = moved
        }

        func entries() throws(TreeError) -> SourceListing {
            var listing = try live.entries()
            var entries = [SourceEntry]()
            for entry in listing.entries {
                guard let here = moved.first(where: { $0.path == path + [entry.name] }) else {
                    entries.append(entry)
                    continue
                }
                entries.append(
                    SourceEntry(name: entry.name, metadata: try tree.metadata(here), chunking: entry.chunking))
            }
            listing.entries = entries
            return listing
        }

        func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { try live.details(of: entry) }

        func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile { try live.open(entry) }

        func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
            let path = path + [entry.name]
            if let here = moved.first(where: { $0.path == path }) { return try tree.snapshot(here) }
            return AboveSnapshots(
                tree: tree, live: try live.directory(entry), path: path,
                moved: moved.filter { $0.path.starts(with: path) })
        }
    }
}

extension MovedDirectory {
    /// Without what is particular to the snapshot.
    fileprivate func metadata(_ metadata: Metadata) -> Metadata {
        var metadata = metadata
        metadata.deviceID = deviceID
        return metadata
    }
}

/// A directory in a snapshot.
private final class SnapshotDirectory: SourceDirectory {
    /// The inode number of the empty folder that stands for a subvolume in a snapshot of what is around it.
    private static let emptiedInode: UInt64 = 2

    let tree: SnapshotTree
    let base: any SourceDirectory
    let path: [[UInt8]]
    let moved: MovedDirectory

    init(tree: SnapshotTree, base: any SourceDirectory, path: [[UInt8]], moved: MovedDirectory) {
        self.tree = tree
        self.base = base
        self.path = path
        self.moved = moved
    }

    func entries() throws(TreeError) -> SourceListing {
        var listing = try base.entries()
        listing.entries = listing.entries.compactMap { entry in
            let place = path + [entry.name]
            if path == moved.path, BtrfsSnapshot.isOurs(entry.name) { return nil }
            let isWay = moved.targets.contains { $0.count > place.count && $0.starts(with: place) }
            if !isWay, tree.options.excludes.matches(place) { return nil }
            if entry.metadata.kind == .directory, entry.metadata.inode == SnapshotDirectory.emptiedInode {
                tree.record.addEmptied(RawPath.printable(place))
            }
            return SourceEntry(name: entry.name, metadata: moved.metadata(entry.metadata), chunking: entry.chunking)
        }
        return listing
    }

    func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { try base.details(of: entry) }

    func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile {
        SnapshotFile(try base.open(entry), moved)
    }

    func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
        SnapshotDirectory(tree: tree, base: try base.directory(entry), path: path + [entry.name], moved: moved)
    }
}

private final class SnapshotFile: SourceFile {
    private let base: any SourceFile
    private let moved: MovedDirectory

    init(_ base: any SourceFile, _ moved: MovedDirectory) {
        self.base = base
        self.moved = moved
    }

    func metadata() throws(TreeError) -> Metadata { moved.metadata(try base.metadata()) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int { try base.read(into: buffer) }
}
