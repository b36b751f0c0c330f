import Glibc
public import ObjectStore
import Synchronization

/// A real S3 server on this machine, started from `Tests/Support/s3` and ended with the test process, however that ends.
///
///     @Suite("...", .enabled(if: S3Server.Kind.gateway.isExpected, "install with Tests/Support/s3/install rgw"))
///     let store = try await S3Server.shared().store()
public final class S3Server: Sendable {
    /// Which program serves.
    public enum Kind: String, Sendable {
        /// Ceph's object gateway over a memory store: the judge. Ready in about two seconds.
        case gateway = "rgw"
        /// `rclone serve s3`: a second opinion; ignores conditions and payload hashes.
        case rclone = "fast"

        /// True when the server is installed, and where `CI` is set, so that a missing one fails there.
        public var isExpected: Bool {
            if getenv("CI") != nil { return true }
            switch self {
            case .gateway: return access("/usr/bin/radosgw", X_OK) == 0 && access("/usr/bin/ceph-osd", X_OK) == 0
            case .rclone:
                let cache = S3Server.variable("XDG_CACHE_HOME") ?? (S3Server.variable("HOME") ?? "/var/tmp") + "/.cache"
                let tools = S3Server.variable("S3_TOOLS_DIR") ?? cache + "/s3-test-servers"
                return access(tools + "/bin/rclone", X_OK) == 0
            }
        }
    }

    private static let gateway = Task { try await S3Server(.gateway) }
    private static let rclone = Task { try await S3Server(.rclone) }
    private static let lastNumber = Atomic<Int>(0)

    private let kind: Kind
    private let folder: String
    private let environment: [String: String]

    /// The server that all tests of this process share.
    public static func shared(_ kind: Kind = .gateway) async throws -> S3Server {
        switch kind {
        case .gateway: try await gateway.value
        case .rclone: try await rclone.value
        }
    }

    /// Starts a server of the test's own; `options` are variables that the start script knows, such as `S3_TLS`.
    public init(_ kind: Kind, options: [String: String] = [:]) async throws {
        self.kind = kind
        let base = S3Server.variable("TMPDIR") ?? "/tmp"
        folder = "\(base)/lifeboat-s3-\(getpid())-\(S3Server.lastNumber.add(1, ordering: .relaxed).newValue)"
        let lines = try await S3Server.script("serve", [kind.rawValue, folder, String(getpid())], options)
        var environment = [String: String]()
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
        }
        self.environment = environment
    }

    /// Address as the environment has it: `http://127.0.0.1:20203`.
    public var endpoint: String { environment["S3_ENDPOINT"] ?? "" }
    /// The bucket that was made with the server.
    public var bucket: String { environment["S3_BUCKET"] ?? "" }
    /// PEM file of the server's certificate, when it serves TLS.
    public var certificateFile: String? { environment["S3_CA_BUNDLE"] }
    /// Access key of the bucket's owner.
    public var accessKeyID: String { environment["AWS_ACCESS_KEY_ID"] ?? "" }
    /// Its secret.
    public var secret: String { environment["AWS_SECRET_ACCESS_KEY"] ?? "" }
    /// A second user's key, who may do nothing in the owner's buckets (gateway only).
    public var stranger: (id: String, secret: String) {
        (environment["S3_ACCESS_KEY_2"] ?? "", environment["S3_SECRET_KEY_2"] ?? "")
    }

    /// The variables a program needs to use the server.
    public var variables: [String: String] {
        var variables = ["AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secret]
        variables["AWS_CA_BUNDLE"] = certificateFile
        return variables
    }

    /// The address of a bucket and prefix as Lifeboat and restic write it.
    public func address(bucket: String? = nil, prefix: String = "") -> String {
        "s3:\(endpoint)/\(bucket ?? self.bucket)\(prefix.isEmpty ? "" : "/" + prefix)"
    }

    /// A prefix that no other test of this process uses.
    public static func freshPrefix() -> String { "test-\(lastNumber.add(1, ordering: .relaxed).newValue)" }

    /// Makes a bucket and gives its name.
    public func makeBucket() async throws -> String {
        let name = S3Server.freshPrefix()
        _ = try await S3Server.script("make-bucket", [folder, name])
        return name
    }

    /// A key of the bucket's owner that may read and nothing else (gateway only).
    public func makeReader() async throws -> (id: String, secret: String) {
        let words = try await S3Server.script("make-reader", [folder]).split { $0 == " " || $0 == "\n" }.map(
            String.init)
        guard words.count == 2 else { throw StoreError(.failed, "no key was made", subject: endpoint) }
        return (words[0], words[1])
    }

    /// Lets the stranger do so much in a bucket: actions, each with what it is allowed on (gateway only).
    public func allowStranger(_ actions: [(action: String, resource: String)], in bucket: String) async throws {
        let statements = actions.map { action, resource in
            #"{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]}, "Action": ["\#(action)"], "#
                + #""Resource": ["arn:aws:s3:::\#(bucket)\#(resource)"]}"#
        }
        let policy = #"{"Version": "2012-10-17", "Statement": [\#(statements.joined(separator: ", "))]}"#
        _ = try await Tool.run(
            "bash",
            [
                "-c", "printf %s \"$1\" | \"$2\" \"$3\" \"$4\"", "policy", policy,
                Tool.supportFile("s3/set-policy"), folder, bucket,
            ])
    }

    /// Settings for a bucket of the server (its first one) under a prefix of the test's own.
    public func settings(bucket: String? = nil, prefix: String? = nil) throws -> S3Settings {
        guard
            case .s3(var settings) = try StoreAddress(address(bucket: bucket, prefix: prefix ?? S3Server.freshPrefix()))
        else { throw StoreError(.failed, "the server has no S3 address", subject: address()) }
        settings.certificateFile = certificateFile
        return settings
    }

    /// An empty store in the server's bucket.
    public func store(
        bucket: String? = nil, prefix: String? = nil, key: (id: String, secret: String)? = nil
    ) throws -> S3Store {
        S3Store(
            settings: try settings(bucket: bucket, prefix: prefix),
            accessKey: AccessKey(id: key?.id ?? accessKeyID, secret: key?.secret ?? secret),
            now: { Int64(time(nil)) })
    }

    /// Kills the process that speaks S3, as `kill -9` does.
    public func kill() async throws {
        let name = kind == .gateway ? "rgw" : "rclone"
        _ = try await S3Server.script("stop", [folder, name], ["S3_KILL": "1"])
    }

    /// Starts what is down, on the same port with the same keys. The gateway still has its objects.
    public func restart() async throws {
        _ = try await S3Server.script("serve", [kind.rawValue, folder, String(getpid())])
    }

    /// Ends the server; what is left of it goes with the test process.
    public func stop() async throws {
        _ = try await S3Server.script("stop", [folder], ["S3_KILL": "1"])
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func script(
        _ name: String, _ arguments: [String], _ variables: [String: String] = [:]
    ) async throws -> String {
        try await Tool.run("bash", [Tool.supportFile("s3/\(name)")] + arguments, variables: variables)
    }
}
