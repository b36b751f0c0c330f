import Glibc
import ObjectStore
import Subprocess
import SystemPackage
public import Trees

/// A tool of a database, or any other program, to be run: with no environment but what is given here, in a process group of its
/// own, ended with its group when nobody waits for it any more.
public struct ToolCommand: Sendable {
    /// What its standard input holds.
    public enum Input: Sendable {
        /// Nothing.
        case none
        /// These bytes.
        case bytes([UInt8])
        /// The content of these files, one after another.
        case files([String])
        /// What is read from this descriptor, which is taken over: the end of a pipe that somebody writes to as it goes on.
        case descriptor(Int32)
    }

    /// What is started; without a slash it is looked for in `PATH` of `variables`.
    public var program: String
    /// Its arguments. No secret may be among them.
    public var arguments: [String]
    /// Its whole environment. No secret may be in it.
    public var variables: [String: String]
    /// Its standard input.
    public var input = Input.none
    /// The folder it runs in; nil for ours.
    public var folder: String?
    /// The account it runs as; nil for ours. Only root can name another.
    public var account: SystemAccount?
    /// Called with each line that it writes to its standard error.
    public var report: @Sendable (String) -> Void = { _ in }
    /// Looks at the last lines of its standard error after it exited with 0, and says what is wrong with them; nil when all is
    /// well. For tools that have a success line.
    public var complaint: @Sendable (_ lastLines: [String]) -> String? = { _ in nil }
    /// Added to the message of a failure: `, so its output is no backup`.
    public var consequence = ""
    /// Called with its exit code once it has one; a program that a signal ended has none.
    public var ended: @Sendable (Int32) -> Void = { _ in }
    /// Exit codes besides 0 that are a success.
    public var acceptedExitCodes: Set<Int32> = []

    /// Describes a command.
    public init(_ program: String, _ arguments: [String], variables: [String: String]) {
        self.program = program
        self.arguments = arguments
        self.variables = variables
    }

    /// Runs it to its end and gives what it wrote to its standard output, at most `limit` bytes.
    ///
    /// - Throws: `SourceError`: `toolMissing`; `toolFailed` with its last lines; `timedOut`; `malformedStream` when it wrote
    ///   more than `limit`.
    public func run(limit: Int = 64 << 20, timeout: Duration? = nil) async throws -> [UInt8] {
        let program = program
        return try await timed(timeout) {
            try await stream { output in
                let lane = BlockingLane(name: "tool", threadCount: 1)
                return try await lane.run {
                    var bytes = [UInt8]()
                    while true {
                        let more = try output.read(upTo: 1 << 16)
                        if more.isEmpty { return bytes }
                        bytes += more
                        guard bytes.count <= limit else {
                            throw SourceError(
                                .malformedStream, "wrote more than \(limit) bytes where little was expected",
                                subject: program)
                        }
                    }
                }
            }
        }
    }

    /// Runs it to its end and gives what it wrote as text.
    public func text(timeout: Duration? = nil) async throws -> String {
        String(decoding: try await run(timeout: timeout), as: UTF8.self)
    }

    /// Starts it and calls `body` with its standard output; both end together. The output has an end only if the program ended
    /// well; when it fails, `body` is cancelled and its reads throw.
    ///
    /// - Throws: `SourceError` as `run`; else what `body` throws.
    public func stream<R: Sendable>(_ body: @escaping @Sendable (ToolOutput) async throws -> R) async throws -> R {
        let pipe = try ProgramPipe(subject: program)
        let output = ToolOutput(pipe)
        let process = Task { await launch(pipe) }
        let work = Task {
            defer {
                pipe.readerEnded()
                process.cancel()
            }
            return try await body(output)
        }
        pipe.onFailure { work.cancel() }
        return try await withTaskCancellationHandler {
            let result = await work.result
            process.cancel()
            await process.value
            if let failure = pipe.failure, !Task.isCancelled {
                // When the program failed only because nobody read on, the reason for that is what matters.
                if !pipe.hasFailedFirst, case .failure(let error) = result, !(error is TreeError),
                    !(error is CancellationError)
                {
                    throw error
                }
                throw failure.cause as? SourceError ?? failure
            }
            return try result.get()
        } onCancel: {
            work.cancel()
            process.cancel()
        }
    }

    private func timed<R: Sendable>(
        _ timeout: Duration?, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        guard let timeout else { return try await body() }
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else {
                throw SourceError(.timedOut, "took longer than \(timeout)", subject: program)
            }
            return result
        }
    }

    // MARK: The process

    private func launch(_ pipe: ProgramPipe) async {
        var options = PlatformOptions()
        // A group of its own, so that all of a pipeline is ended, not its first program alone.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
        var values = [Environment.Key: String]()
        for (name, value) in variables {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        let words = words
        do {
            let messages = try ProgramMessages(report: report)
            async let reading: Void = messages.read()
            defer { messages.programEnded() }
            let feeder = try InputFeeder(input)
            async let feeding: Void = feeder.feed()
            let result = try await Subprocess.run(
                words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]),
                arguments: Arguments(Array(words.dropFirst())),
                environment: .custom(values), workingDirectory: folder.map { FilePath($0) }, platformOptions: options,
                input: .fileDescriptor(FileDescriptor(rawValue: feeder.takeReadEnd()), closeAfterSpawningProcess: true),
                output: .fileDescriptor(FileDescriptor(rawValue: pipe.takeWriteEnd()), closeAfterSpawningProcess: true),
                error: .fileDescriptor(
                    FileDescriptor(rawValue: messages.takeWriteEnd()), closeAfterSpawningProcess: true))
            messages.programEnded()
            await reading
            await feeding
            if case .exited(let code) = result.terminationStatus { ended(code) }
            if let failure = failure(result.terminationStatus, messages.lastLines) {
                // What it has left behind works for nobody any more.
                kill(-result.processIdentifier.value, SIGKILL)
                pipe.end(with: failure)
            } else {
                pipe.end(with: nil)
            }
        } catch {
            let missing = SourceError(
                .toolMissing, "the program cannot be run: \(error)", subject: program,
                hint: "is it installed, and in PATH?", cause: error)
            pipe.end(
                with: TreeError(.failed, missing.message, subject: program, hint: missing.hint, cause: missing))
        }
    }

    /// What is started. Another account is taken by setpriv (util-linux), after exec: swift-subprocess would do it with glibc's
    /// calls between clone and exec, where they wait for ever when a thread of ours was just being made.
    private var words: [String] {
        guard let account else { return [program] + arguments }
        let (user, group) = ("--reuid=\(account.userID)", "--regid=\(account.groupID)")
        return ["setpriv", user, group, "--groups=\(account.groupID)", "--", program] + arguments
    }

    private func failure(_ status: TerminationStatus, _ lines: [String]) -> TreeError? {
        let how: String
        switch status {
        case .exited(let code) where code == 0 || acceptedExitCodes.contains(code):
            guard let complaint = complaint(lines) else { return nil }
            how = complaint
        case .exited(let code): how = "exited with \(code)"
        case .signaled(let number): how = "was ended by signal \(number)"
        }
        let text = lines.joined(separator: " / ")
        let said = text.isEmpty ? "it wrote nothing to its standard error" : "it said: \(text)"
        let message = "the program \(how)\(consequence)"
        return TreeError(
            .failed, message, subject: program, hint: said,
            cause: SourceError(.toolFailed, message, subject: program, hint: said))
    }
}

/// The standard output of a running tool, read by one thread at a time; reading blocks.
public final class ToolOutput: Sendable {
    let pipe: ProgramPipe

    init(_ pipe: ProgramPipe) { self.pipe = pipe }

    /// Fills `buffer` from the front; fewer bytes than it holds only at the end of the output, after the tool ended well.
    ///
    /// - Throws: a `TreeError` that tells how the tool failed.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int { try pipe.fill(buffer) }

    /// The next bytes, `count` of them unless the output ends before.
    public func read(upTo count: Int) throws(TreeError) -> [UInt8] {
        let result = Result { () throws(TreeError) -> [UInt8] in
            var failure: TreeError?
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                do throws(TreeError) {
                    filled = try read(into: UnsafeMutableRawBufferPointer(buffer))
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return bytes
        }
        return try result.get()
    }
}
