import CLinux
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

/// The pipe from the program to the archiver, and how the program ended.
private final class ProgramPipe: Sendable {
    private struct State {
        var failure: TreeError?
        var hasEnded = false
        var onFailure: (@Sendable () -> Void)?
        var writeEnd: Int32 = -1
    }

    /// `F_SETPIPE_SZ` of Linux, which Swift does not see.
    private static let setPipeSize: Int32 = 1031

    let subject: String
    let readEnd: Int32
    /// Closed when the program has ended and its status is known: a reader waits for its end of file.
    private let statusReadEnd: Int32
    private let statusWriteEnd: Int32
    private let state: Mutex<State>

    init(subject: String) throws(TreeError) {
        self.subject = subject
        var data: [Int32] = [-1, -1]
        var status: [Int32] = [-1, -1]
        guard lb_pipe(&data) == 0, lb_pipe(&status) == 0 else {
            throw TreeError(.failed, "cannot make a pipe: \(errorText(errno))", subject: subject, errno: errno)
        }
        // More in flight, fewer switches; where the system does not allow it the usual size does.
        _ = fcntl(data[1], ProgramPipe.setPipeSize, 1 << 20)
        (readEnd, statusReadEnd, statusWriteEnd) = (data[0], status[0], status[1])
        state = Mutex(State(writeEnd: data[1]))
    }

    deinit {
        close(readEnd)
        close(statusReadEnd)
        let (ended, writeEnd) = state.withLock { ($0.hasEnded, $0.writeEnd) }
        if !ended { close(statusWriteEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    /// The descriptor that the program writes to; whoever takes it closes it.
    func takeWriteEnd() -> Int32 {
        state.withLock { state in
            defer { state.writeEnd = -1 }
            return state.writeEnd
        }
    }

    var failure: TreeError? { state.withLock { $0.failure } }

    func onFailure(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onFailure = body } }

    /// Tells how the program ended, once.
    func end(with failure: TreeError?) {
        let body = state.withLock { state in
            state.failure = failure
            state.hasEnded = true
            return failure == nil ? nil : state.onFailure
        }
        body?()
        close(statusWriteEnd)
    }

    /// Waits until there is something to read, or the output is at its end; throws when the program has failed, even while
    /// a program that it started still holds the other end.
    func waitForBytes() throws(TreeError) {
        var ends = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: statusReadEnd, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&ends, nfds_t(ends.count), -1)
            if count < 0, errno == EINTR { continue }
            if let failure { throw failure }
            if count < 0 || ends[0].revents != 0 { return }
            ends.removeLast(ends.count - 1)
        }
    }

    /// Waits for the end of the program; throws when it failed.
    func waitForEnd() throws(TreeError) {
        var byte: UInt8 = 0
        while Glibc.read(statusReadEnd, &byte, 1) < 0, errno == EINTR {}
        if let failure { throw failure }
    }
}

/// The output of the program. Its end is one only when the program says so.
private final class ProgramFile: SourceFile {
    private let pipe: ProgramPipe
    private let described: Metadata

    init(_ pipe: ProgramPipe, _ metadata: Metadata) {
        self.pipe = pipe
        described = metadata
    }

    func metadata() throws(TreeError) -> Metadata { described }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var filled = 0
        while filled < buffer.count {
            try pipe.waitForBytes()
            let count = Glibc.read(pipe.readEnd, base + filled, buffer.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw TreeError(
                    .failed, "cannot read its output: \(errorText(errno))", subject: pipe.subject, errno: errno)
            }
            if count == 0 {
                try pipe.waitForEnd()
                break
            }
            filled += count
        }
        return filled
    }
}
