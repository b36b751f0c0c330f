import CLinux
import Glibc
import ObjectStore
import Synchronization
import Trees

/// What a program says on its standard error: each line is reported, the last ones are kept.
///
/// A program may leave others behind that hold its standard error open, so reading ends when the program has ended and all it
/// has written until then is read, not only at the end of the pipe.
final class ProgramMessages: Sendable {
    private static let keptLineCount = 5
    private static let longestLine = 500

    private struct State {
        var writeEnd: Int32
        var exitWriteEnd: Int32
        var last: [String] = []
    }

    private let readEnd: Int32
    private let exitReadEnd: Int32
    private let state: Mutex<State>
    private let report: @Sendable (String) -> Void
    private let lane = BlockingLane(name: "messages", threadCount: 1)

    init(report: @escaping @Sendable (String) -> Void) throws(TreeError) {
        var ends: [Int32] = [-1, -1]
        var exit: [Int32] = [-1, -1]
        guard lb_pipe(&ends) == 0, lb_pipe(&exit) == 0 else {
            throw TreeError(.failed, "cannot make a pipe: \(errorText(errno))", subject: "", errno: errno)
        }
        (readEnd, exitReadEnd) = (ends[0], exit[0])
        state = Mutex(State(writeEnd: ends[1], exitWriteEnd: exit[1]))
        self.report = report
    }

    deinit {
        close(readEnd)
        close(exitReadEnd)
        let (writeEnd, exitWriteEnd) = state.withLock { ($0.writeEnd, $0.exitWriteEnd) }
        if writeEnd >= 0 { close(writeEnd) }
        if exitWriteEnd >= 0 { close(exitWriteEnd) }
    }

    /// The descriptor that the program writes to; whoever takes it closes it.
    func takeWriteEnd() -> Int32 {
        state.withLock { state in
            defer { state.writeEnd = -1 }
            return state.writeEnd
        }
    }

    /// The program has ended.
    func programEnded() {
        let end = state.withLock { state in
            defer { state.exitWriteEnd = -1 }
            return state.exitWriteEnd
        }
        if end >= 0 { close(end) }
    }

    /// The last lines.
    var lastLines: [String] { state.withLock { $0.last } }

    /// Reads until there is no more to come.
    func read() async { await lane.run { self.readNow() } }

    private func readNow() {
        var ends = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: exitReadEnd, events: Int16(POLLIN), revents: 0),
        ]
        var buffer = [UInt8](repeating: 0, count: 4096)
        var line = [UInt8]()
        while true {
            guard poll(&ends, nfds_t(ends.count), -1) > 0 || errno == EINTR else { break }
            guard ends[0].revents != 0 else {
                if ends[1].revents != 0 { break }
                continue
            }
            let count = buffer.withUnsafeMutableBytes { Glibc.read(readEnd, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                if byte == 0x0A { take(&line) } else if line.count < ProgramMessages.longestLine { line.append(byte) }
            }
        }
        take(&line)
    }

    private func take(_ line: inout [UInt8]) {
        defer { line.removeAll(keepingCapacity: true) }
        let text = String(decoding: line, as: UTF8.self)
        guard text.contains(where: { !$0.isWhitespace }) else { return }
        state.withLock { state in
            state.last.append(text)
            if state.last.count > ProgramMessages.keptLineCount { state.last.removeFirst() }
        }
        report(text)
    }
}
