public import Chunking

/// What of a local tree is left out, and how the rest is read.
public struct LocalSourceOptions: Sendable {
    /// Paths that match are left out; see `PathPattern`.
    public var excludes = PatternList()
    /// Of directories that hold a `CACHEDIR.TAG` with its signature, only the directory and the tag are kept.
    public var excludesCaches = false
    /// Mount points below the named paths are kept as empty directories.
    public var staysOnFileSystem = false
    /// Larger files are left out, in bytes; nil for no limit.
    public var maximumByteCount: UInt64?
    /// Keeps the time of the last access instead of storing that of the last change in its place.
    public var keepsAccessTime = false
    /// How the bytes of files are cut.
    public var chunking = ChunkingPolicy.files
    /// What relative paths are relative to, an absolute path; nil for the working directory of the process.
    public var workingDirectory: [UInt8]?

    /// Leaves nothing out.
    public init() {}
}
