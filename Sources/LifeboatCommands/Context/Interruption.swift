import CLinux
import Glibc
import Synchronization

/// Turns SIGINT and SIGTERM into one call on a thread: the first asks for an orderly end, in which locks are released; the
/// second ends the process at once.
enum Interruption {
    /// Where the handler writes a byte; -1 before `watch`.
    private static let pipeEnd = Atomic<Int32>(-1)
    /// How often a signal came.
    private static let count = Atomic<Int>(0)

    /// Did a signal ask for the end?
    static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    /// Calls `interrupt` from a thread of its own when the first signal comes. Called once.
    static func watch(_ interrupt: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        precondition(lb_pipe(&ends) == 0, "a pipe cannot be made: error \(errno)")
        pipeEnd.store(ends[1], ordering: .relaxed)
        startThread(reading: ends[0], interrupt)
        for number in [SIGINT, SIGTERM] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in Interruption.handle() }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    /// Within a signal handler only what is safe there: atomics, `write`, `_exit`.
    private static func handle() {
        if count.add(1, ordering: .relaxed).newValue > 1 { _exit(ExitStatus.interrupted.rawValue) }
        var byte: UInt8 = 1
        let number = errno
        _ = write(pipeEnd.load(ordering: .relaxed), &byte, 1)
        errno = number
    }

    private final class Start: Sendable {
        let descriptor: Int32
        let interrupt: @Sendable () -> Void

        init(descriptor: Int32, interrupt: @escaping @Sendable () -> Void) {
            self.descriptor = descriptor
            self.interrupt = interrupt
        }
    }

    private static func startThread(reading descriptor: Int32, _ interrupt: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(descriptor: descriptor, interrupt: interrupt)).toOpaque()
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                var byte: UInt8 = 0
                while read(start.descriptor, &byte, 1) < 0, errno == EINTR {}
                start.interrupt()
                return nil
            }, start)
        precondition(status == 0, "a thread could not be started: error \(status)")
        pthread_detach(thread)
    }
}
