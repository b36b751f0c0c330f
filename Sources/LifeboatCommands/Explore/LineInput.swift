import Glibc
import ObjectStore
import Synchronization

/// Lines of standard input, as they come: what waits for one can be cancelled.
final class LineInput: Sendable {
    private static let lane = BlockingLane(name: "input", threadCount: 1)
    /// Longer lines are refused.
    private static let lineLimit = 1 << 20

    private let descriptor: Int32
    private let pending = Mutex<(bytes: [UInt8], isAtEnd: Bool)>(([], false))

    init(_ descriptor: Int32 = 0) { self.descriptor = descriptor }

    /// Somebody types.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// The next line without its end; nil at the end of the input, and when the task is cancelled.
    func next() async throws -> String? {
        let isCancelled = Flag()
        return try await withTaskCancellationHandler {
            try await LineInput.lane.run { [self] in try read(isCancelled) }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }

    private func read(_ cancelled: Flag) throws -> String? {
        while !cancelled.value.load(ordering: .relaxed) {
            if let line = try pending.withLock({ try LineInput.take(&$0) }) { return line }
            guard !pending.withLock({ $0.isAtEnd }) else { return nil }
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 100) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else {
                throw CommandError.system(errno, "cannot read commands", subject: "standard input")
            }
            pending.withLock { state in
                if count == 0 { state.isAtEnd = true } else { state.bytes += buffer[..<count] }
            }
        }
        return nil
    }

    private static func take(_ state: inout (bytes: [UInt8], isAtEnd: Bool)) throws -> String? {
        guard state.bytes.count <= lineLimit else {
            throw CommandError(.invalidArgument, "a line has more than \(lineLimit) bytes", subject: "standard input")
        }
        let end = state.bytes.firstIndex(of: 0x0A)
        guard let end = end ?? (state.isAtEnd && !state.bytes.isEmpty ? state.bytes.count : nil) else { return nil }
        let line = String(decoding: state.bytes[..<end], as: UTF8.self)
        state.bytes.removeFirst(min(end + 1, state.bytes.count))
        return line
    }
}
