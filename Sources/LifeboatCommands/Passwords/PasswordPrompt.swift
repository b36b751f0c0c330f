import Glibc
import ObjectStore
public import Sealing
import Synchronization

/// Asks a person for a password.
public protocol PasswordPrompt: Sendable {
    /// Shows `text` and reads a line without showing it. Nil where there is nobody to ask.
    func ask(_ text: String) async throws -> SecretBytes?
}

/// The terminal of this process, whatever its standard streams are connected to.
struct TerminalPrompt: PasswordPrompt {
    private static let lane = BlockingLane(name: "prompt", threadCount: 1)

    func ask(_ text: String) async throws -> SecretBytes? {
        let isCancelled = Cancellation()
        return try await withTaskCancellationHandler {
            try await TerminalPrompt.lane.run { () throws(CommandError) in
                try TerminalPrompt.read(text, isCancelled)
            }
        } onCancel: {
            isCancelled.flag.store(true, ordering: .relaxed)
        }
    }

    private final class Cancellation: Sendable {
        let flag = Atomic<Bool>(false)
    }

    private static func read(_ text: String, _ cancellation: Cancellation) throws(CommandError) -> SecretBytes? {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return nil }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        silent.c_lflag |= tcflag_t(ICANON | ISIG)
        tcsetattr(terminal, TCSAFLUSH, &silent)
        // A signal ends the wait, not the process, so the echo always comes back.
        defer { tcsetattr(terminal, TCSAFLUSH, &before) }
        say(text, to: terminal)
        defer { say("\n", to: terminal) }
        return try line(from: terminal, cancellation)
    }

    private static func line(from terminal: Int32, _ cancellation: Cancellation) throws(CommandError) -> SecretBytes? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var poll = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        while Glibc.poll(&poll, 1, 200) <= 0 {
            if cancellation.flag.load(ordering: .relaxed) { throw CommandError(.interrupted, "interrupted") }
        }
        let count = bytes.withUnsafeMutableBytes { Glibc.read(terminal, $0.baseAddress, $0.count) }
        guard count > 0 else { return SecretBytes([]) }
        let secret = SecretBytes(bytes[..<count].prefix { $0 != 0x0A })
        bytes.withUnsafeMutableBytes { if let base = $0.baseAddress { explicit_bzero(base, $0.count) } }
        return secret
    }

    private static func say(_ text: String, to terminal: Int32) {
        _ = text.utf8CString.withUnsafeBytes { write(terminal, $0.baseAddress, $0.count - 1) }
    }
}
