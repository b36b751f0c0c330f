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
        var command = ToolCommand(program, arguments, variables: environment)
        command.report = report
        command.consequence = ", so its output is no backup; no snapshot was made"
        do {
            return try await command.stream { output in
                try await body(
                    SingleFileSource(path: path, file: metadata, details: details) { () throws(TreeError) in
                        ProgramFile(output.pipe, metadata)
                    })
            }
        } catch let error as SourceError {
            throw TreeError(.failed, error.message, subject: error.subject, hint: error.hint, cause: error.cause)
        }
    }
}
