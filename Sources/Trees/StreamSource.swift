public import Chunking

/// What is backed up, when it cannot be asked for its files one by one: a dump, a tar stream, an xbstream.
public protocol StreamSource: Sendable {
    /// Puts everything into `sink`, in whatever order it comes. Called once, on a thread of the archiver, and may block there.
    ///
    /// What it throws ends the backup without a snapshot; so does what the sink throws, which must not be held back.
    func stream(into sink: any StreamSink) throws
}

/// Takes the files of a `StreamSource`; used by the one thread that called `stream`.
///
/// Paths are components below the root of the snapshot; directories that were not named are made with the mode 0755. A path
/// may come once only: a second one throws, and so does an unsafe name (`RawName.isSafe`).
public protocol StreamSink: AnyObject {
    /// Begins a file; several may be open at once. `metadata.byteCount` is the expected size, from which the block size of
    /// `.pages` follows; what the snapshot says is what was written.
    func file(_ path: [[UInt8]], _ metadata: Metadata, chunking: ChunkingPolicy) throws -> any StreamFile

    /// Names a directory, before or after what is in it.
    func directory(_ path: [[UInt8]], _ metadata: Metadata) throws

    /// Names a symbolic link and where it leads, byte for byte.
    func symlink(_ path: [[UInt8]], _ metadata: Metadata, target: [UInt8]) throws
}

/// A file of a stream that is being written, by one thread.
public protocol StreamFile: AnyObject {
    /// Takes the next bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws

    /// The file is complete. One that is dropped without it ends the backup.
    func finish() throws
}

extension StreamFile {
    /// Takes the next bytes.
    public func write(_ bytes: [UInt8]) throws {
        try unsafe bytes.withUnsafeBytes { try unsafe write($0) }
    }
}

extension StreamSink {
    /// Writes a whole small file.
    public func file(
        _ path: [[UInt8]], _ metadata: Metadata, chunking: ChunkingPolicy = .files, holding bytes: [UInt8]
    ) throws {
        let file = try file(path, metadata, chunking: chunking)
        try file.write(bytes)
        try file.finish()
    }
}
