import Glibc
import Synchronization

/// Takes bytes: a descriptor, or memory in tests. May block.
public protocol ByteSink: Sendable {
    /// Takes all of `bytes`; throws when nobody takes them any more.
    func write(_ bytes: ArraySlice<UInt8>) throws
}

/// Whoever read our output has gone away, as `head` does; nothing is said, since nobody reads it.
public struct OutputClosed: Error {
    /// Says so.
    public init() {}
}

/// Results on standard output, messages and progress on standard error.
///
/// Results are gathered and written in large pieces. A progress line is drawn in place on a terminal, and makes room for
/// messages.
public final class CommandOutput: Sendable {
    private struct State {
        var results: [UInt8] = []
        var isLineDrawn = false
    }

    private static let pieceByteCount = 64 << 10
    private let results: any ByteSink
    private let messages: any ByteSink
    /// Columns of the terminal that messages go to; nil when they go elsewhere.
    private let columns: @Sendable () -> Int?
    private let state = Mutex(State())

    /// Output to given sinks.
    public init(
        results: any ByteSink, messages: any ByteSink, columns: @escaping @Sendable () -> Int? = { nil }
    ) {
        self.results = results
        self.messages = messages
        self.columns = columns
    }

    /// Standard output and standard error of this process.
    public static func standard() -> CommandOutput {
        CommandOutput(results: DescriptorSink(1), messages: DescriptorSink(2), columns: terminalColumns)
    }

    @Sendable private static func terminalColumns() -> Int? {
        guard isatty(2) == 1 else { return nil }
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Do messages go to a terminal, where a line can be drawn anew?
    public var isTerminal: Bool { columns() != nil }

    /// Do results go to a terminal?
    public var resultsGoToTerminal: Bool { (results as? DescriptorSink)?.isTerminal ?? false }

    // MARK: Results

    /// A line of a result.
    public func print(_ line: String = "") throws { try append(line.utf8, [0x0A]) }

    /// Raw bytes of a result.
    public func write(_ bytes: some Collection<UInt8>) throws { try append(bytes, []) }

    private func append(_ bytes: some Collection<UInt8>, _ end: [UInt8]) throws {
        try state.withLock { state in
            state.results += bytes
            state.results += end
            if state.results.count >= CommandOutput.pieceByteCount { try writeOut(&state) }
        }
    }

    /// Hands on what has been gathered.
    public func flush() throws { try state.withLock { try writeOut(&$0) } }

    private func writeOut(_ state: inout State) throws {
        guard !state.results.isEmpty else { return }
        erase(&state)
        defer { state.results.removeAll(keepingCapacity: true) }
        try results.write(state.results[...])
    }

    // MARK: Messages

    /// A line for the operator.
    public func message(_ line: String) {
        state.withLock { state in
            erase(&state)
            say(line + "\n")
        }
    }

    /// Draws a line that the next one replaces; does nothing where messages do not go to a terminal.
    public func draw(_ line: String) {
        guard let columns = columns() else { return }
        state.withLock { state in
            state.isLineDrawn = true
            say("\r" + line.prefix(max(columns - 1, 10)) + "\u{1B}[K")
        }
    }

    /// Shows a line in the top row of a terminal and leaves everything else, what is being typed too, as it is.
    public func drawOnTop(_ line: String) {
        guard let columns = columns() else { return }
        state.withLock { _ in
            say("\u{1B}7\u{1B}[1;1H\u{1B}[7m" + line.prefix(max(columns - 1, 10)) + "\u{1B}[0m\u{1B}[K\u{1B}8")
        }
    }

    /// Takes the drawn line away.
    public func erase() { state.withLock { erase(&$0) } }

    private func erase(_ state: inout State) {
        guard state.isLineDrawn else { return }
        state.isLineDrawn = false
        say("\r\u{1B}[K")
    }

    private func say(_ text: String) {
        // Right to lose: where messages cannot be written, there is no other place to say so.
        try? messages.write(Array(text.utf8)[...])
    }
}

/// A descriptor that stays open for the life of the process.
struct DescriptorSink: ByteSink {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    func write(_ bytes: ArraySlice<UInt8>) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EPIPE {
                    throw OutputClosed()
                } else if errno != EINTR {
                    throw CommandError.system(errno, "cannot write the output", subject: "standard output")
                }
            }
        }
    }
}
