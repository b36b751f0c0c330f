import Synchronization
import Trees

/// What a walk came by.
final class WalkRecord: Sendable {
    private let files = Atomic<UInt64>(0)
    private let lost = Mutex<[String]>([])

    /// Files that were listed.
    var fileCount: UInt64 { files.load(ordering: .relaxed) }
    /// Subvolumes that a snapshot shows as empty folders.
    var emptiedSubvolumes: [String] { lost.withLock { $0 } }

    func count(_ listing: SourceListing) {
        let count = listing.entries.count { $0.metadata.kind == .file }
        files.add(UInt64(count), ordering: .relaxed)
    }

    func addEmptied(_ path: String) { lost.withLock { if $0.count < 100 { $0.append(path) } } }
}

/// A source whose files are counted as they are listed.
struct WatchedTree: TreeSource {
    let base: any TreeSource
    let record: WalkRecord

    func root() throws(TreeError) -> any SourceDirectory { WatchedDirectory(try base.root(), record) }
}

private final class WatchedDirectory: SourceDirectory {
    private let base: any SourceDirectory
    private let record: WalkRecord

    init(_ base: any SourceDirectory, _ record: WalkRecord) {
        self.base = base
        self.record = record
    }

    func entries() throws(TreeError) -> SourceListing {
        let listing = try base.entries()
        record.count(listing)
        return listing
    }

    func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { try base.details(of: entry) }

    func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile { try base.open(entry) }

    func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
        WatchedDirectory(try base.directory(entry), record)
    }
}
