import DataSources
import Synchronization

/// A program of this machine that carries out a script, or takes it elsewhere.
struct ScriptProgram {
    /// How it was ended before its time.
    enum Cut: Sendable {
        /// It took too long.
        case timeout
        /// Nobody waits for it any more.
        case cancellation
    }

    /// Its words. No secret may be among them.
    var words: [String]
    /// Its whole environment.
    var variables: [String: String]
    /// Where it begins; nil for where we are.
    var folder: String?
    /// Its standard input.
    var input = ToolCommand.Input.none

    func run(
        timeout: Duration?, report: @escaping @Sendable (String) -> Void
    ) async -> (outcome: ScriptOutcome, cut: Cut?) {
        var command = ToolCommand(words[0], Array(words.dropFirst()), variables: variables)
        command.folder = folder
        command.input = input
        command.report = report
        let status = ExitStatusBox()
        command.ended = { status.value = $0 }
        do {
            let output = try await command.run(limit: 16 << 20, timeout: timeout)
            return (ScriptOutcome(exit: 0, output: String(decoding: output, as: UTF8.self), failure: nil), nil)
        } catch let error as SourceError {
            let cut: Cut? = error.code == .timedOut ? .timeout : Task.isCancelled ? .cancellation : nil
            let failure = [error.message, error.hint].joined(separator: "; ")
            return (ScriptOutcome(exit: status.value, output: "", failure: failure), cut)
        } catch {
            return (
                ScriptOutcome(exit: status.value, output: "", failure: "\(error)"),
                Task.isCancelled ? .cancellation : nil
            )
        }
    }
}

/// What a callback and its caller share; both run one after the other.
private final class ExitStatusBox: Sendable {
    private let status = Mutex<Int32?>(nil)

    var value: Int32? {
        get { status.withLock { $0 } }
        set { status.withLock { $0 = newValue } }
    }
}
