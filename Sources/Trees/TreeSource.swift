public import Chunking

/// What is backed up: a tree of named streams. A folder on disk is one; so is a database that yields its table files.
///
/// All calls block and belong on a thread of the archiver, never on the cooperative pool.
public protocol TreeSource: Sendable {
    /// The directory above everything. It has no metadata of its own: a snapshot's tree begins with its entries.
    func root() throws(TreeError) -> any SourceDirectory
}

/// A directory while it is being read, by one thread at a time. Dropping it releases what it holds open.
public protocol SourceDirectory: AnyObject {
    /// All entries, in ascending order of the raw bytes of their names, each name once. Called once.
    ///
    /// Throws when the directory cannot be listed; `failures` tells of entries that could not be looked at.
    func entries() throws(TreeError) -> SourceListing

    /// Owner names, link target and extended attributes of an entry.
    func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails

    /// Opens a file for reading.
    func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile

    /// Opens a directory.
    func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory
}

/// What a directory holds.
public struct SourceListing: Sendable {
    /// Entries in ascending order of the raw bytes of their names.
    public var entries: [SourceEntry]
    /// Entries that exist and could not be looked at.
    public var failures: [TreeError]

    /// Makes a listing.
    public init(entries: [SourceEntry], failures: [TreeError] = []) {
        self.entries = entries
        self.failures = failures
    }
}

/// One thing to back up.
public struct SourceEntry: Sendable {
    /// Raw bytes of the name.
    public let name: [UInt8]
    /// What `lstat`, or the source, says of it.
    public let metadata: Metadata
    /// How its bytes are to be cut.
    public let chunking: ChunkingPolicy

    /// Describes one thing.
    public init(name: [UInt8], metadata: Metadata, chunking: ChunkingPolicy = .files) {
        self.name = name
        self.metadata = metadata
        self.chunking = chunking
    }
}

/// An open file, read from its beginning by one thread at a time. Dropping it closes it.
public protocol SourceFile: AnyObject {
    /// What the open file says of itself, asked after opening: the path may name another file by now. Streams without an
    /// inode give the entry's metadata.
    func metadata() throws(TreeError) -> Metadata

    /// Fills `buffer` from the front with the next bytes; fewer than it holds only at the end of the file, 0 when there are
    /// no more.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int
}
