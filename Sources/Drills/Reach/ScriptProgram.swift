import DataSources
import Synchronization

/// A program of this machine that carries out a script, or takes it elsewhere.
public struct ScriptProgram: Sendable {
    /// How it was ended before its time.
    public enum Cut: Sendable {
        /// It took too long.
        case timeout
        /// Nobody waits for it any more.
        case cancellation
    }

    /// How it ended.
    public struct Ending: Sendable {
        /// What it leaves to whoever asked for it.
        public var outcome: ScriptOutcome
        /// Nil when it ended by itself.
        public var cut: Cut?
        /// `exited with 1`, `was ended by signal 9`, without what it said; nil when it ended with 0.
        public var manner: String?
    }

    /// Its words. No secret may be among them.
    var words: [String]
    /// Its whole environment.
    var variables: [String: String]
    /// Where it begins; nil for where we are.
    var folder: String?
    /// Its standard input.
    var input = ToolCommand.Input.none

    init(words: [String], variables: [String: String], folder: String? = nil, input: ToolCommand.Input = .none) {
        (self.words, self.variables, self.folder, self.input) = (words, variables, folder, input)
    }

    /// Shell text, as it stands in runbooks: `/bin/sh -eu`.
    ///
    /// - Parameters:
    ///   - variables: its whole environment.
    ///   - file: its standard output goes there, and its standard error after `.err`: what it leaves running may hold these open for
    ///     as long as it likes, and nobody waits for that. Both must be there.
    public init(text: String, variables: [String: String], file: String) {
        // On the line that the text begins with: the shell names lines when it complains.
        let redirection = "exec >>\"$1\" 2>>\"$1.err\"; shift; "
        self.init(words: ["/bin/sh", "-eu", "-c", redirection + text, "/bin/sh", file], variables: variables)
    }

    /// Runs it to its end; ends it with its group when it takes too long or the task is cancelled.
    ///
    /// - Parameter report: gets each line of its standard error.
    public func run(timeout: Duration?, report: @escaping @Sendable (String) -> Void = { _ in }) async -> Ending {
        var command = ToolCommand(words[0], Array(words.dropFirst()), variables: variables)
        command.folder = folder
        command.input = input
        command.report = report
        let status = ExitStatusBox()
        command.ended = { status.value = $0 }
        do {
            let output = try await command.run(limit: 16 << 20, timeout: timeout)
            return Ending(
                outcome: ScriptOutcome(exit: 0, output: String(decoding: output, as: UTF8.self), failure: nil))
        } catch let error as SourceError {
            let cut: Cut? = error.code == .timedOut ? .timeout : Task.isCancelled ? .cancellation : nil
            let failure = [error.message, error.hint].joined(separator: "; ")
            return Ending(
                outcome: ScriptOutcome(exit: status.value, output: "", failure: failure), cut: cut,
                manner: String(error.message.trimmingPrefix("the program ")))
        } catch {
            return Ending(
                outcome: ScriptOutcome(exit: status.value, output: "", failure: "\(error)"),
                cut: Task.isCancelled ? .cancellation : nil, manner: "\(error)")
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
