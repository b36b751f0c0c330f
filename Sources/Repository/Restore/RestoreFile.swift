import Sealing
import Synchronization
import Trees

/// A file that is being restored, in one segment or several, by one thread or several. Whoever does the last segment finishes
/// it.
final class RestoreFile: Sendable {
    private struct State {
        var open: (any TreeSinkFile)?
        var remaining: Int
        var hasFailed = false
        var writtenByteCount: UInt64 = 0
    }

    let path: [[UInt8]]
    let node: Node
    private let state: Mutex<State>

    init(path: [[UInt8]], node: Node, segmentCount: Int) {
        self.path = path
        self.node = node
        state = Mutex(State(remaining: segmentCount))
    }

    /// The open file; opened by whoever comes first.
    func open(in sink: any TreeSink) throws(TreeError) -> any TreeSinkFile {
        try state.withLock { (state) throws(TreeError) in
            if let file = state.open { return file }
            let file = try sink.openFile(path, byteCount: node.metadata.byteCount)
            state.open = file
            return file
        }
    }

    /// The file as it is there now, for reading; nil when it is no file.
    func openExisting(in sink: any TreeSink) throws(TreeError) -> (any TreeSinkFile)? {
        try state.withLock { (state) throws(TreeError) in
            if let file = state.open { return file }
            state.open = try sink.openExisting(path)
            return state.open
        }
    }

    func addWritten(_ count: Int) { state.withLock { $0.writtenByteCount += UInt64(count) } }

    /// True for the first failure of this file.
    func fail() -> Bool {
        state.withLock { state in
            defer { state.hasFailed = true }
            return !state.hasFailed
        }
    }

    /// A segment is done. After the last one: the open file, if there is one, whether all went well, and what was written.
    func completeSegment() -> (file: (any TreeSinkFile)?, hasFailed: Bool, writtenByteCount: UInt64)? {
        state.withLock { state in
            state.remaining -= 1
            guard state.remaining == 0 else { return nil }
            defer { state.open = nil }
            return (state.open, state.hasFailed, state.writtenByteCount)
        }
    }
}

/// A run of blobs of one file: what a thread does at a time.
struct RestoreSegment: Sendable {
    let file: RestoreFile
    /// Which of the file's blobs.
    let blobs: Range<Int>
    /// Where the first of them begins in the file.
    let offset: UInt64
    /// Their plain bytes in all.
    let byteCount: Int

    /// Is this the whole file, and small enough to be written at once?
    var isWholeSmallFile: Bool {
        blobs.count == file.node.content.count && byteCount <= RestoreSegment.smallFileByteCount
    }

    static let smallFileByteCount = 1 << 20
    /// Segments are cut when they reach this many bytes, and batches of small files too.
    static let byteCountLimit = 4 << 20
    /// Files in a batch. All of them may be open at once, in each thread, and 1024 is a usual limit for a process.
    static let countLimit = 128
}
