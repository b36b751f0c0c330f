import FoundationEssentials
import Glibc
import LifeboatCommands
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
    let environment: Mutex<[String: String]>
    /// The password in the password file.
    static let password = "correct horse battery staple"

    init() throws {
        folder = try TemporaryFolder("command")
        let path = folder.path
        environment = Mutex([
            "PATH": String(cString: getenv("PATH")), "HOME": path, "TMPDIR": path,
            "LIFEBOAT_REPOSITORY": path + "/repository", "LIFEBOAT_PASSWORD_FILE": path + "/password",
        ])
        try write(Workplace.password + "\n", to: "password", mode: 0o600)
    }

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

    func list(_ name: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted() }

    /// Runs a command within this process.
    func run(_ arguments: String..., answers: [String]? = nil) async -> Outcome {
        await run(arguments, answers: answers)
    }

    func run(_ arguments: [String], answers: [String]? = nil) async -> Outcome {
        let (results, messages) = (MemorySink(), MemorySink())
        let context = CommandContext(
            environment: environment.withLock { $0 }, output: CommandOutput(results: results, messages: messages),
            prompt: answers.map(CannedPrompt.init), hostname: "testhost",
            user: CommandContext.User(name: "tester", uid: geteuid(), gid: getegid()), processID: getpid(),
            now: Workplace.wallTime)
        let status = await CommandRunner.run(arguments, in: context)
        return Outcome(status: status, output: results.text, messages: messages.text)
    }

    /// Runs restic on the same repository; throws what it says when it fails.
    @discardableResult
    func restic(_ arguments: String...) async throws -> String {
        try await Tool.run(
            "restic", ["-r", repository, "--password-file", passwordFile, "--cache-dir", path("restic-cache")] + arguments)
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
