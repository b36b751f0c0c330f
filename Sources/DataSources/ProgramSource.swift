import Glibc
import Subprocess
import Synchronization
import SystemPackage
public import Trees

/// A program whose standard output is backed up as one file, such as a database's dump tool.
///
/// A program that fails has written no backup, however much came out of it: then the whole backup ends, without a snapshot.
public struct ProgramSource: Sendable {
    /// What is started; without a slash it is looked for in `PATH`.
    public var program: String
    /// Its arguments.
    public var arguments: [String]
    /// Its environment, secrets removed already.
    public var environment: [String: String]
    /// Where the file shall be in the snapshot: components of its absolute path, at least one.
    public var path: [[UInt8]]
    /// What the file's node says: time, owner, mode.
    public var metadata: Metadata
    /// Owner's names.
    public var details = NodeDetails()
    /// Called with each line that the program writes to its standard error.
    public var report: @Sendable (String) -> Void = { _ in }

    /// Describes a program.
    public init(
        program: String, arguments: [String], environment: [String: String], path: [[UInt8]], metadata: Metadata
    ) {
        precondition(!path.isEmpty, "the file has a name")
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.path = path
        self.metadata = metadata
        self.metadata.kind = .file
        // Unknown: read to the end.
        self.metadata.byteCount = .max
    }

    /// Starts the program and calls `body` with a source that yields its output; both end together.
    ///
    /// When the program fails, `body` is cancelled before it sees the end of the output. When `body` ends first, or the task is
    /// cancelled, the program is asked to end, and killed after five seconds.
    ///
    /// - Throws: `failed` with the last lines of the program's standard error; else what `body` throws.
    public func run<R: Sendable>(_ body: @escaping @Sendable (any TreeSource) async throws -> R) async throws -> R {
        let pipe = try ProgramPipe(subject: program)
        let source = SingleFileSource(path: path, file: metadata, details: details) { () throws(TreeError) in
            ProgramFile(pipe, metadata)
        }
        let process = Task { await runProgram(pipe) }
        let work = Task {
            defer { process.cancel() }
            return try await body(source)
        }
        pipe.onFailure { work.cancel() }
        return try await withTaskCancellationHandler {
            let result = await work.result
            process.cancel()
            await process.value
            if let failure = pipe.failure, !Task.isCancelled { throw failure }
            return try result.get()
        } onCancel: {
            work.cancel()
            process.cancel()
        }
    }

    private func runProgram(_ pipe: ProgramPipe) async {
        var options = PlatformOptions()
        // A group of its own, so that all of a pipeline is ended, not its first program alone.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
        var values = [Environment.Key: String]()
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        do {
            let messages = try ProgramMessages(report: report)
            async let reading: Void = messages.read()
            defer { messages.programEnded() }
            let result = try await Subprocess.run(
                program.contains("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(arguments),
                environment: .custom(values), platformOptions: options, input: .none,
                output: .fileDescriptor(FileDescriptor(rawValue: pipe.takeWriteEnd()), closeAfterSpawningProcess: true),
                error: .fileDescriptor(
                    FileDescriptor(rawValue: messages.takeWriteEnd()), closeAfterSpawningProcess: true))
            messages.programEnded()
            await reading
            guard !result.terminationStatus.isSuccess else { return pipe.end(with: nil) }
            // What it has left behind works for nobody any more.
            kill(-result.processIdentifier.value, SIGKILL)
            pipe.end(with: failure(result.terminationStatus, messages.text))
        } catch {
            pipe.end(
                with: TreeError(
                    .failed, "the program cannot be run: \(error)", subject: program,
                    hint: "is it installed, and in PATH?", cause: error))
        }
    }

    private func failure(_ status: TerminationStatus, _ text: String) -> TreeError {
        let how =
            switch status {
            case .exited(let code): "exited with \(code)"
            case .signaled(let number): "was ended by signal \(number)"
            }
        let said = text.isEmpty ? "it wrote nothing to its standard error" : "it said: \(text)"
        return TreeError(
            .failed, "the program \(how), so its output is no backup; no snapshot was made", subject: program,
            hint: said)
    }
}
