import FoundationEssentials
import Glibc
import LifeboatCommands
import ObjectStore
import Repository
import Sealing
import Synchronization
import TestSupport
import Trees

/// What a command said and how it ended.
struct Outcome: Sendable {
    let status: Int32
    let output: String
    let messages: String

    /// The lines of an error as the operator sees them.
    var errorLines: [String] { messages.split(separator: "\n").map(String.init) }
}

/// A folder with a place for a repository and a password file, and commands run in it within this process.
final class Workplace: Sendable {
    let folder: TemporaryFolder
    private let variables: Mutex<[String: String]>
    /// The password in the password file.
    static let password = "correct horse battery staple"

    init() throws {
        folder = try TemporaryFolder("command")
        let path = folder.path
        variables = Mutex([
            "PATH": String(cString: getenv("PATH")), "HOME": path, "TMPDIR": path,
            "LIFEBOAT_REPOSITORY": path + "/repository", "LIFEBOAT_PASSWORD_FILE": path + "/password",
        ])
        try write(Workplace.password + "\n", to: "password", mode: 0o600)
    }

    /// A workplace with a repository in it, whose key costs next to nothing to derive.
    static func withRepository() async throws -> Workplace {
        let place = try Workplace()
        let store = DirectoryStore(root: place.repository)
        try await store.makeRoot()
        _ = try await Repository.create(
            in: store, password: SecretBytes(Array(password.utf8)),
            parameters: ScryptParameters(n: 1 << 10, r: 8, p: 1),
            owner: KeyOwner(username: "tester", hostname: "testhost", created: "2026-11-20T00:00:00Z"))
        return place
    }

    /// What the commands see.
    var environment: [String: String] { variables.withLock { $0 } }

    /// Sets a variable that the commands see, or removes it.
    func set(_ name: String, _ value: String?) { variables.withLock { $0[name] = value } }

    var repository: String { path("repository") }
    var passwordFile: String { path("password") }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Writes a file; directories above it are made.
    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o644) throws -> String {
        let path = path(name)
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "/" + parent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, mode)
        return path
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path(name))), as: UTF8.self)
    }

    func list(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
    }

    /// Runs a command within this process.
    func run(_ arguments: String..., answers: [String]? = nil) async -> Outcome {
        await run(arguments, answers: answers)
    }

    func run(_ arguments: [String], answers: [String]? = nil, input: String? = nil) async -> Outcome {
        let (results, messages) = (MemorySink(), MemorySink())
        var context = context(results, messages, answers: answers)
        context.inputLine = { _ in input }
        let status = await CommandRunner.run(arguments, in: context)
        return Outcome(status: status, output: results.text, messages: messages.text)
    }

    /// What a command sees of the world.
    func context(
        _ results: MemorySink = MemorySink(), _ messages: MemorySink = MemorySink(), answers: [String]? = nil
    ) -> CommandContext {
        CommandContext(
            environment: environment, output: CommandOutput(results: results, messages: messages),
            prompt: answers.map(CannedPrompt.init), hostname: "testhost",
            user: CommandContext.User(name: "tester", uid: geteuid(), gid: getegid()), processID: getpid(),
            now: Workplace.wallTime)
    }

    /// Runs restic on the same repository; throws what it says when it fails.
    @discardableResult
    func restic(_ arguments: String...) async throws -> String { try await resticArguments(arguments) }

    func resticArguments(_ arguments: [String]) async throws -> String {
        try await Tool.run(
            "restic",
            ["-r", repository, "--password-file", passwordFile, "--cache-dir", path("restic-cache")] + arguments)
    }

    @Sendable static func wallTime() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }
}

/// Keeps what is written.
final class MemorySink: ByteSink {
    private let bytes = Mutex<[UInt8]>([])

    func write(_ bytes: ArraySlice<UInt8>) throws { self.bytes.withLock { $0 += bytes } }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}

/// A person who gives these answers, one after the other, and then leaves.
final class CannedPrompt: PasswordPrompt {
    private let answers: Mutex<[String]>

    init(_ answers: [String]) { self.answers = Mutex(answers) }

    func ask(_ text: String) async throws -> SecretBytes? {
        answers.withLock { $0.isEmpty ? nil : SecretBytes(Array($0.removeFirst().utf8)) }
    }
}
