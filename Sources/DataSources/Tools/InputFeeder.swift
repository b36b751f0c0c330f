import CLinux
import Glibc
import ObjectStore
import Synchronization
import Trees

/// Writes a tool's standard input, on a thread of its own. A tool that ends early just leaves the rest unread: what that
/// means its exit code tells.
final class InputFeeder: Sendable {
    /// Writing to a tool that has ended must be an error and not the end of this program.
    private static let pipeSignalIgnored: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    private let input: ToolCommand.Input
    private let ends: Mutex<(read: Int32, write: Int32)>
    private let lane = BlockingLane(name: "feed", threadCount: 1)

    init(_ input: ToolCommand.Input) throws(TreeError) {
        self.input = input
        InputFeeder.pipeSignalIgnored
        var pair: [Int32] = [-1, -1]
        switch input {
        case .none: pair[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)
        case .descriptor(let end): pair[0] = end
        case .bytes, .files:
            if lb_pipe(&pair) != 0 {
                throw TreeError(.failed, "cannot make a pipe: \(errorText(errno))", subject: "", errno: errno)
            }
        }
        ends = Mutex((pair[0], pair[1]))
    }

    deinit {
        let (read, write) = ends.withLock { $0 }
        if read >= 0 { close(read) }
        if write >= 0 { close(write) }
    }

    /// The descriptor that the tool reads from; whoever takes it closes it.
    func takeReadEnd() -> Int32 {
        ends.withLock { ends in
            defer { ends.read = -1 }
            return ends.read
        }
    }

    /// Writes everything and closes the pipe.
    func feed() async {
        let end = ends.withLock { ends in
            defer { ends.write = -1 }
            return ends.write
        }
        guard end >= 0 else { return }
        await lane.run { [input] in
            defer { close(end) }
            switch input {
            case .none, .descriptor: break
            case .bytes(let bytes): _ = InputFeeder.write(bytes[...], to: end)
            case .files(let paths):
                for path in paths where !InputFeeder.copy(path, to: end) { return }
            }
        }
    }

    private static func copy(_ path: String, to end: Int32) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count == 0 }
            if !write(buffer[..<count], to: end) { return false }
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to end: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(end, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
