public import Sealing
public import Trees

/// What a source takes from the world, handed in.
public struct SourceEnvironment: Sendable {
    /// Environment variables that children may see: the allow-list already applied.
    public var variables: [String: String]
    /// Folder for temporary files: option files with a password, sockets of scratch servers. Short: a socket's path has at
    /// most 107 bytes.
    public var temporaryFolder: String
    /// Wall time.
    public var now: @Sendable () -> Timestamp
    /// Called, from any thread, with a line worth showing: what a tool says, what a step does.
    public var report: @Sendable (String) -> Void
    /// Continue with a version that was never tried.
    public var acceptsUntested = false
    /// What is restored must outlive a loss of power: false for scratch copies, which nobody needs then.
    public var isDurable = true

    /// An environment.
    public init(
        variables: [String: String], temporaryFolder: String = "/tmp", now: @escaping @Sendable () -> Timestamp,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.variables = variables
        self.temporaryFolder = temporaryFolder
        self.now = now
        self.report = report
    }
}

/// How a source gets its password: asked each time, so that a changed one is found and none lies in memory for long.
public typealias SecretSource = @Sendable () async throws -> SecretBytes
