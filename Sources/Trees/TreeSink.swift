/// Where a tree is restored to: a folder on disk, above all. Whatever names a snapshot holds, nothing outside is ever touched.
///
/// Paths are components below the sink's root; an unsafe one (`RawName.isSafe`) throws `.unsafeName`. All calls block and
/// belong on threads of the restorer, several at once; two threads never work on the same path.
///
/// What is there already is kept as far as it serves: a directory stays, a file is changed in place. Anything of another kind
/// that stands in the way is removed first, never followed.
public protocol TreeSink: Sendable {
    /// What is at `path`; nil when nothing is.
    func existing(_ path: [[UInt8]]) throws(TreeError) -> Metadata?

    /// Makes sure that a directory is there, and says whether it was; its metadata comes with `finish`. The one above it
    /// must be there.
    @discardableResult
    func makeDirectory(_ path: [[UInt8]]) throws(TreeError) -> Bool

    /// Opens a file for writing, made if need be. `byteCount` is the size it will have; one that is there keeps its bytes up
    /// to that.
    func openFile(_ path: [[UInt8]], byteCount: UInt64) throws(TreeError) -> any TreeSinkFile

    /// Opens what is there for reading only; nil when it is no file.
    func openExisting(_ path: [[UInt8]]) throws(TreeError) -> (any TreeSinkFile)?

    /// Writes a whole small file with its metadata; gives what of the latter could not be set.
    func writeFile(_ path: [[UInt8]], _ bytes: [UInt8], _ node: Node) throws(TreeError) -> [TreeError]

    /// Makes a symlink, device or FIFO with its metadata; gives what of the latter could not be set.
    func makeSpecial(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError]

    /// Makes `path` another name of the file at `target`, which was restored before.
    func makeHardLink(_ path: [[UInt8]], to target: [[UInt8]]) throws(TreeError)

    /// Sets owner, mode, extended attributes and times of a directory; gives what could not be set.
    func finish(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError]

    /// Names in a directory, in no order.
    func list(_ path: [[UInt8]]) throws(TreeError) -> [[UInt8]]

    /// Removes what is at `path`, and everything below it. Fine when nothing is.
    func remove(_ path: [[UInt8]]) throws(TreeError)
}

/// A file of a sink that is open; may be used by several threads at once. Dropping it closes it.
public protocol TreeSinkFile: AnyObject, Sendable {
    /// Was it made just now, so that there is nothing to compare with?
    var isNew: Bool { get }

    /// Reads bytes that are there; fewer than `buffer` holds only at the end of the file.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int

    /// Writes bytes; long runs of zeros may become holes.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(TreeError)

    /// Sets size and metadata after the last write; gives what of the latter could not be set.
    func finish(_ node: Node) throws(TreeError) -> [TreeError]
}
