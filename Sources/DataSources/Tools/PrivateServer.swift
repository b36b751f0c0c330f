import CLinux
import Glibc
import ObjectStore
import Synchronization

/// A server of our own on restored data: started, waited for, stopped. A process that is a zombie counts as dead.
///
/// It runs in a session of its own and writes what it has to say to a log. When this program ends without having stopped it,
/// however that happens, the kernel kills it, unless it was to be kept running.
public final class PrivateServer: Sendable {
    /// What is started, and how.
    public struct Plan: Sendable {
        /// Path of the program.
        public var program: String
        /// Its arguments. No secret may be among them.
        public var arguments: [String]
        /// Its whole environment. No secret may be in it.
        public var variables: [String: String]
        /// The folder it runs in; the account must be able to enter it.
        public var folder: String
        /// The file its standard output and error are appended to; made with the mode 0600.
        public var log: String
        /// The account it runs as; nil for ours. Only root can name another.
        public var account: SystemAccount?
        /// The signal that asks it to stop cleanly.
        public var stopSignal = SIGTERM
        /// How long it may take until it answers.
        public var startTimeout = Duration.seconds(300)
        /// How long it may take to stop before it is killed.
        public var stopTimeout = Duration.seconds(60)
        /// It shall go on when this program ends, for a person to connect to.
        public var keepsRunning = false

        /// Describes a server.
        public init(
            _ program: String, _ arguments: [String], variables: [String: String], folder: String, log: String
        ) {
            self.program = program
            self.arguments = arguments
            self.variables = variables
            self.folder = folder
            self.log = log
        }
    }

    /// One thread for all starts, never ended: the kernel kills a server when the *thread* that started it ends.
    private static let starter = BlockingLane(name: "servers", threadCount: 1)

    /// The server's process.
    public let processID: Int32
    private let plan: Plan
    /// Its status as `waitpid` gave it, once.
    private let status = Mutex<Int32?>(nil)
    private let lane = BlockingLane(name: "server", threadCount: 1)

    private init(_ plan: Plan, _ processID: Int32) {
        self.plan = plan
        self.processID = processID
    }

    deinit {
        // Whoever started it should have stopped it; an error on the way there must not leave it behind.
        if !plan.keepsRunning, isRunning { Glibc.kill(-processID, SIGKILL) }
    }

    /// Starts it and waits until `isReady` says that it answers.
    ///
    /// - Throws: `toolMissing`; `toolFailed` when it ends before it is ready, with the last lines of its log; `timedOut`. In
    ///   every case no process is left.
    public static func start(_ plan: Plan, isReady: @Sendable () async -> Bool) async throws -> PrivateServer {
        let server = try await starter.run { PrivateServer(plan, try spawn(plan)) }
        let clock = ContinuousClock()
        let end = clock.now + plan.startTimeout
        do {
            while await !isReady() {
                guard server.isRunning else { throw server.failure(.toolFailed, "the server ended while it started") }
                guard clock.now < end else {
                    throw server.failure(.timedOut, "the server does not answer after \(plan.startTimeout)")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            return server
        } catch {
            await server.kill()
            throw error
        }
    }

    /// Whether it is alive.
    public var isRunning: Bool {
        status.withLock { status in
            if status != nil { return false }
            var now: Int32 = 0
            let result = waitpid(processID, &now, WNOHANG)
            if result == 0 || result < 0 && errno == EINTR { return true }
            status = result == processID ? now : -1
            return false
        }
    }

    /// Asks it to stop and waits until it is gone; does so for a cancelled task too.
    ///
    /// - Throws: `timedOut` when it had to be killed; `toolFailed` when it ended otherwise than cleanly.
    public func stop() async throws {
        if isRunning { Glibc.kill(processID, plan.stopSignal) }
        guard await isGone(within: plan.stopTimeout) else {
            await kill()
            throw failure(.timedOut, "the server did not stop within \(plan.stopTimeout) and was killed")
        }
        if let number = status.withLock({ $0 }), number != 0 {
            let how = number & 0x7F != 0 ? "was ended by signal \(number & 0x7F)" : "exited with \(number >> 8 & 0xFF)"
            throw failure(.toolFailed, "the server \(how)")
        }
    }

    /// Ends it and all that it started at once, as a crash would.
    public func kill() async {
        if isRunning { Glibc.kill(-processID, SIGKILL) }
        _ = await isGone(within: .seconds(60))
    }

    /// The last lines of its log.
    public var lastLines: [String] { PrivateServer.lastLines(ofLog: plan.log) }

    private func isGone(within time: Duration) async -> Bool {
        await lane.run { [self] in
            let end = ContinuousClock.now + time
            while isRunning {
                if ContinuousClock.now >= end { return false }
                usleep(10_000)
            }
            return true
        }
    }

    private func failure(_ code: SourceError.Code, _ message: String) -> SourceError {
        let said = lastLines.joined(separator: " / ")
        let hint = said.isEmpty ? "it wrote nothing to its log \(plan.log)" : "it said: \(said)"
        return SourceError(code, message, subject: plan.program, hint: hint)
    }

    // MARK: The process

    private static func spawn(_ plan: Plan) throws -> Int32 {
        let log = open(plan.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else {
            throw SourceError(.failed, "cannot write the server's log: \(errorText(errno))", subject: plan.log)
        }
        defer { close(log) }
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(null) }
        let variables = plan.variables.map { "\($0.key)=\($0.value)" }
        let processID = withCStrings([plan.program] + plan.arguments) { arguments in
            withCStrings(variables) { variables in
                plan.program.withCString { program in
                    plan.folder.withCString { folder in
                        var server = lb_server(
                            program: program, arguments: arguments, variables: variables, folder: folder, input: null,
                            output: log, changes_account: plan.account == nil ? 0 : 1,
                            user: plan.account?.userID ?? 0, group: plan.account?.groupID ?? 0,
                            ends_with_thread: plan.keepsRunning ? 0 : 1)
                        return lb_start_server(&server)
                    }
                }
            }
        }
        guard processID > 0 else {
            let number = errno
            throw SourceError(
                number == ENOENT ? .toolMissing : .failed, "the server cannot be started: \(errorText(number))",
                subject: plan.program, hint: "is it installed, and may its account enter \(plan.folder)?")
        }
        return processID
    }

    private static func withCStrings<R>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("it holds a null pointer at least") }
            return body(UnsafePointer(base))
        }
    }

    private static func lastLines(ofLog path: String, count: Int = 5) -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let length = lseek(file, 0, SEEK_END)
        lseek(file, max(0, length - 4096), SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: 4096)
        let filled = read(file, &buffer, buffer.count)
        guard filled > 0 else { return [] }
        return String(decoding: buffer[..<filled], as: UTF8.self).split(separator: "\n").suffix(count).map(String.init)
    }
}
