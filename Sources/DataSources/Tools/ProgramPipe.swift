import CLinux
import Glibc
import Synchronization
import Trees

/// The pipe from the program to the archiver, and how the program ended.
final class ProgramPipe: Sendable {
    private struct State {
        var failure: TreeError?
        var hasEnded = false
        var readerHasEnded = false
        var hasFailedFirst = false
        var onFailure: (@Sendable () -> Void)?
        var writeEnd: Int32 = -1
    }

    /// `F_SETPIPE_SZ` of Linux, which Swift does not see.
    private static let setPipeSize: Int32 = 1031

    let subject: String
    let readEnd: Int32
    /// Closed when the program has ended and its status is known: a reader waits for its end of file.
    private let statusReadEnd: Int32
    private let statusWriteEnd: Int32
    private let state: Mutex<State>

    init(subject: String) throws(TreeError) {
        self.subject = subject
        var data: [Int32] = [-1, -1]
        var status: [Int32] = [-1, -1]
        guard lb_pipe(&data) == 0, lb_pipe(&status) == 0 else {
            throw TreeError(.failed, "cannot make a pipe: \(errorText(errno))", subject: subject, errno: errno)
        }
        // More in flight, fewer switches; where the system does not allow it the usual size does.
        _ = fcntl(data[1], ProgramPipe.setPipeSize, 1 << 20)
        (readEnd, statusReadEnd, statusWriteEnd) = (data[0], status[0], status[1])
        state = Mutex(State(writeEnd: data[1]))
    }

    deinit {
        close(readEnd)
        close(statusReadEnd)
        let (ended, writeEnd) = state.withLock { ($0.hasEnded, $0.writeEnd) }
        if !ended { close(statusWriteEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    /// The descriptor that the program writes to; whoever takes it closes it.
    func takeWriteEnd() -> Int32 {
        state.withLock { state in
            defer { state.writeEnd = -1 }
            return state.writeEnd
        }
    }

    var failure: TreeError? { state.withLock { $0.failure } }

    /// Did the program fail while somebody was still reading?
    var hasFailedFirst: Bool { state.withLock { $0.hasFailedFirst } }

    /// Nobody reads any more, for whatever reason.
    func readerEnded() { state.withLock { $0.readerHasEnded = true } }

    func onFailure(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onFailure = body } }

    /// Tells how the program ended, once.
    func end(with failure: TreeError?) {
        let body = state.withLock { state in
            state.failure = failure
            state.hasFailedFirst = failure != nil && !state.readerHasEnded
            state.hasEnded = true
            return failure == nil ? nil : state.onFailure
        }
        body?()
        close(statusWriteEnd)
    }

    /// Waits until there is something to read, or the output is at its end; throws when the program has failed, even while
    /// a program that it started still holds the other end.
    func waitForBytes() throws(TreeError) {
        var ends = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: statusReadEnd, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&ends, nfds_t(ends.count), -1)
            if count < 0, errno == EINTR { continue }
            if let failure { throw failure }
            if count < 0 || ends[0].revents != 0 { return }
            ends.removeLast(ends.count - 1)
        }
    }

    /// Waits for the end of the program; throws when it failed.
    func waitForEnd() throws(TreeError) {
        var byte: UInt8 = 0
        while Glibc.read(statusReadEnd, &byte, 1) < 0, errno == EINTR {}
        if let failure { throw failure }
    }

    /// Fills `buffer` from the front; fewer bytes than it holds only at the end of the output.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var filled = 0
        while filled < buffer.count {
            try waitForBytes()
            let count = Glibc.read(readEnd, base + filled, buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw TreeError(
                    .failed, "cannot read its output: \(errorText(errno))", subject: subject, errno: errno)
            }
            if count == 0 {
                try waitForEnd()
                break
            }
            filled += count
        }
        return filled
    }
}

/// The output of the program. Its end is one only when the program says so.
final class ProgramFile: SourceFile {
    private let pipe: ProgramPipe
    private let described: Metadata

    init(_ pipe: ProgramPipe, _ metadata: Metadata) {
        self.pipe = pipe
        described = metadata
    }

    func metadata() throws(TreeError) -> Metadata { described }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int { try pipe.fill(buffer) }
}
