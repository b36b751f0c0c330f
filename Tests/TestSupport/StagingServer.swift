import Glibc
import Synchronization

/// A real server of databases, or of SSH, on this machine with a data folder of its own, started from `Tests/Support/staging` and ended with
/// the test process, however that ends.
///
///     @Suite("...", .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
///     let server = try await StagingServer(.mariadb)
public final class StagingServer: Sendable {
    /// Which server.
    public enum Kind: String, Sendable {
        case mariadb
        case postgres
        case redis
        case sshd

        /// True when the server is installed, and where `CI` is set, so that a missing one fails there.
        public var isExpected: Bool {
            if getenv("CI") != nil { return true }
            switch self {
            case .mariadb:
                return access("/usr/sbin/mariadbd", X_OK) == 0 && access("/usr/bin/mariadb-backup", X_OK) == 0
            case .postgres: return access("/usr/lib/postgresql/15/bin/postgres", X_OK) == 0
            case .redis: return access("/usr/bin/redis-server", X_OK) == 0
            case .sshd: return access("/usr/sbin/sshd", X_OK) == 0 && access("/usr/bin/ssh", X_OK) == 0
            }
        }
    }

    /// So many servers start at once: all tests begin together, and a server that gets no processor is taken for dead.
    private static let gate = Gate(width: 2)
    private static let lastNumber = Atomic<Int>(0)

    /// Which server it is.
    public let kind: Kind
    /// The folder with its whole state; short enough for sockets.
    public let folder: String
    /// What the start script printed: `MARIADB_SOCKET`, `PG_PORT`, `REDIS_BACKUP_PASSWORD_FILE` and so on.
    public let values: [String: String]

    /// Starts a server in a folder of its own; `settings` are lines for its configuration.
    public init(_ kind: Kind, settings: [String] = []) async throws {
        self.kind = kind
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let number = StagingServer.lastNumber.add(1, ordering: .relaxed).newValue
        folder = "\(base)/lb-\(kind.rawValue)-\(getpid())-\(number)"
        let options = settings.flatMap { ["--set", $0] }
        let arguments = [kind.rawValue, folder, String(getpid())] + options
        let lines = try await StagingServer.gate.passing { try await StagingServer.script("serve", arguments) }
        var values = [String: String]()
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        self.values = values
    }

    /// One of `values`, empty when there is none of that name.
    public subscript(_ name: String) -> String { values[name] ?? "" }

    /// Kills it, its children too, as `kill -9` does.
    public func kill() async throws { _ = try await StagingServer.script("stop", [folder, "--kill", kind.rawValue]) }

    /// Stops it cleanly.
    public func stop() async throws { _ = try await StagingServer.script("stop", [folder, kind.rawValue]) }

    /// Starts it again on its data folder, at the port it had when that is still free.
    public func start() async throws {
        let arguments = [kind.rawValue, folder, String(getpid())]
        _ = try await StagingServer.gate.passing { try await StagingServer.script("serve", arguments) }
    }

    private static func script(_ name: String, _ arguments: [String]) async throws -> String {
        try await Tool.run("bash", [Tool.supportFile("staging/\(name)")] + arguments)
    }
}
