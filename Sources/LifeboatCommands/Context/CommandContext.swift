public import Trees

/// Everything a command takes from the world, handed in, so that tests run commands within their own process.
public struct CommandContext: Sendable {
    /// Who runs the program.
    public struct User: Sendable, Hashable {
        /// Login name; the number when there is none.
        public var name: String
        /// Effective user number.
        public var uid: UInt32
        /// Effective group number.
        public var gid: UInt32

        /// Names a user.
        public init(name: String, uid: UInt32, gid: UInt32) {
            self.name = name
            self.uid = uid
            self.gid = gid
        }
    }

    /// Environment variables.
    public var environment: [String: String]
    /// Where results and messages go.
    public var output: CommandOutput
    /// Asks a person for passwords; nil where there is nobody to ask.
    public var prompt: (any PasswordPrompt)?
    /// Reads a line of standard input, without its end; nil when there is none.
    public var inputLine: @Sendable (_ limit: Int) async throws -> String? = { _ in nil }
    /// The machine's name, as it stands in snapshots and locks.
    public var hostname: String
    /// Who runs the program.
    public var user: User
    /// The process that holds our locks.
    public var processID: Int32
    /// Wall time.
    public var now: @Sendable () -> Timestamp

    /// A context of given parts.
    public init(
        environment: [String: String], output: CommandOutput, prompt: (any PasswordPrompt)?, hostname: String,
        user: User, processID: Int32, now: @escaping @Sendable () -> Timestamp
    ) {
        self.environment = environment
        self.output = output
        self.prompt = prompt
        self.hostname = hostname
        self.user = user
        self.processID = processID
        self.now = now
    }
}
