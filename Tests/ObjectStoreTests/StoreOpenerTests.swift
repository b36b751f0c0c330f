import Glibc
import Sealing
import TestSupport
import Testing

@testable import ObjectStore

@Suite("addresses of stores")
struct StoreAddressTests {
    @Test(
        "are read and written",
        arguments: [
            ("s3:https://host/bucket", "s3:https://host/bucket"), ("s3:host/bucket/a/b/", "s3:https://host/bucket/a/b"),
            ("s3:http://127.0.0.1:9000/b/p", "s3:http://127.0.0.1:9000/b/p"),
            ("s3:https://Host:443/b", "s3:https://host/b"),
            ("s3:https://[::1]:9000/b", "s3:https://[::1]:9000/b"),
            ("s3:s3.amazonaws.com/my.bucket/x", "s3:https://s3.amazonaws.com/my.bucket/x"),
            ("/srv/backup", "/srv/backup"), ("relative/path", "relative/path"),
        ])
    func good(text: String, expected: String) throws {
        #expect(try StoreAddress(text).description == expected)
    }

    @Test(
        "that make no sense are refused",
        arguments: [
            "", "s3:", "s3:host", "s3:https://host/", "s3:https:///bucket", "s3:ftp://host/bucket",
            "s3:https://host:0/b",
            "s3:https://host:99999/b", "s3:https://host:x/b", "s3:host/b/../c", "s3:host/b//c", "s3:host/b?x=1",
            "s3:ho st/b",
            "s3:host/b u", "s3:host/..", "sftp:host:/x", "rest:http://x/", "https://host/bucket", "s3:a]b/c",
        ])
    func bad(text: String) {
        #expect(throws: StoreError.self, "\(text)") { try StoreAddress(text) }
    }

    @Test("that hold credentials are refused without repeating them")
    func credentials() {
        let error = #expect(throws: StoreError.self) { try StoreAddress("s3:https://AK:topsecret@host/b") }
        #expect(error?.code == .invalidConfiguration)
        #expect(!"\(String(describing: error))".contains("topsecret"))
    }
}

@Suite("credentials by the conventions of AWS")
struct CredentialTests {
    private let home: TemporaryFolder

    init() throws {
        home = try TemporaryFolder("aws")
        mkdir(home.path + "/.aws", 0o700)
        try write(
            """
            # comment
            [default]
            aws_access_key_id = FILEID
            aws_secret_access_key = filesecret=/+ # not part
              nested = 1
            [other]
            AWS_ACCESS_KEY_ID=OTHERID
            aws_secret_access_key=othersecret
            aws_session_token = token
            """, to: "credentials", mode: 0o600)
        try write(
            "[default]\nregion = eu-west-1\n[profile  other]\nregion=eu-north-1\nca_bundle=/ca.pem\n", to: "config")
    }

    private func profile(_ variables: [String: String]) throws -> AWSProfile {
        try AWSProfile(StoreEnvironment(variables: variables, homeFolder: home.path), subject: "test")
    }

    private func secret(_ key: AccessKey) -> String {
        key.secret.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test("come from the variables first")
    func variables() throws {
        let found = try profile([
            "AWS_ACCESS_KEY_ID": "ENVID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "r",
            "AWS_DEFAULT_REGION": "d", "AWS_CA_BUNDLE": "/env.pem",
        ])
        #expect(found.accessKey.id == "ENVID")
        #expect(secret(found.accessKey) == "s")
        #expect(found.accessKey.sessionToken == "t")
        #expect(found.region == "r")
        #expect(found.certificateFile == "/env.pem")
    }

    @Test("come from the files else, by profile")
    func files() throws {
        let first = try profile([:])
        #expect(first.accessKey.id == "FILEID")
        #expect(secret(first.accessKey) == "filesecret=/+")
        #expect(first.accessKey.sessionToken == nil)
        #expect(first.region == "eu-west-1")
        let other = try profile(["AWS_PROFILE": "other"])
        #expect(other.accessKey.id == "OTHERID")
        #expect(secret(other.accessKey) == "othersecret")
        #expect(other.accessKey.sessionToken == "token")
        #expect(other.region == "eu-north-1")
        #expect(other.certificateFile == "/ca.pem")
    }

    @Test(
        "in a file that others can read are refused, unless the variables have a key", arguments: [0o644, 0o640, 0o604])
    func exposed(mode: mode_t) throws {
        chmod(home.path + "/.aws/credentials", mode)
        let error = #expect(throws: StoreError.self) { try profile([:]) }
        #expect(error?.code == .credentialsMissing)
        #expect(error?.hint == "chmod 600 \(home.path)/.aws/credentials")
        #expect(try profile(["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"]).accessKey.id == "E")
    }

    @Test(
        "that are missing or half there are asked for",
        arguments: [
            ["AWS_PROFILE": "nobody"], ["AWS_ACCESS_KEY_ID": "alone"], ["AWS_SHARED_CREDENTIALS_FILE": "/nowhere"],
            ["AWS_SHARED_CREDENTIALS_FILE": "/dev"],
            ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "x\ny"],
        ])
    func missing(variables: [String: String]) {
        let error = #expect(throws: StoreError.self) { try profile(variables) }
        #expect(error?.code == .credentialsMissing)
        #expect(error?.message.isEmpty == false)
    }

    private func write(_ text: String, to name: String, mode: mode_t = 0o644) throws {
        let path = home.path + "/.aws/" + name
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        chmod(path, mode)
    }
}

@Suite("opening stores")
struct StoreOpenerTests {
    @Test("a directory is ready at once")
    func directory() async throws {
        let folder = try TemporaryFolder("opener")
        let store = try StoreOpener.open(folder.path, environment: StoreEnvironment(variables: [:], homeFolder: nil))
        try await store.put("a", [1])
        #expect(try await store.get("a") == [1])
        #expect(store.location == folder.path)
    }

    @Test("a bucket needs a key")
    func noKey() {
        let error = #expect(throws: StoreError.self) {
            try StoreOpener.open("s3:host/bucket", environment: StoreEnvironment(variables: [:], homeFolder: nil))
        }
        #expect(error?.code == .credentialsMissing)
    }

    @Test(
        "a bucket is ready with the variables and a cache",
        .enabled(if: S3Server.Kind.gateway.isExpected, "no radosgw here"))
    func bucket() async throws {
        let server = try await S3Server.shared()
        let folder = try TemporaryFolder("opener")
        var options = StoreOpener.Options()
        options.cacheFolder = folder.path
        let address = server.address(prefix: S3Server.freshPrefix())
        let store = try StoreOpener.open(
            address, environment: StoreEnvironment(variables: server.variables, homeFolder: nil), options: options)
        try await store.put("a", [1])
        #expect(try await store.get("a") == [1])
        #expect(store.location == address)
        #expect(store is CachingStore)
    }

    @Test(
        "the proxy of the environment is used unless the host is exempt",
        arguments: [
            (["https_proxy": "http://p:1"], "http://p:1"),
            (["HTTPS_PROXY": "http://p:1", "no_proxy": "other,host"], nil),
            (["http_proxy": "http://p:1"], nil), (["ALL_PROXY": "socks5://s"], "socks5://s"),
            (["https_proxy": "http://p:1", "NO_PROXY": "*"], nil), ([:], nil),
        ] as [([String: String], String?)])
    func proxy(variables: [String: String], expected: String?) {
        let environment = StoreEnvironment(variables: variables, homeFolder: nil)
        #expect(environment.proxy(for: S3Endpoint(host: "s3.host")) == expected)
    }

    @Test("AWS is addressed by virtual host and region, other servers by path")
    func styles() {
        var settings = S3Settings(endpoint: S3Endpoint(host: "s3.eu-west-1.amazonaws.com"), bucket: "bucket")
        #expect(settings.usesVirtualHost)
        #expect(settings.firstRegion == "eu-west-1")
        settings.bucket = "with.dots"
        #expect(!settings.usesVirtualHost)
        settings.endpoint = S3Endpoint(host: "minio.local")
        settings.bucket = "bucket"
        #expect(!settings.usesVirtualHost)
        #expect(settings.firstRegion == "us-east-1")
        settings.style = .virtualHost
        #expect(settings.usesVirtualHost)
    }
}
