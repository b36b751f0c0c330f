import TestSupport
import Testing

@Suite(
    "Wrong on purpose, on a real S3 server",
    .enabled(if: S3Server.Kind.gateway.isExpected, "install with Tests/Support/s3/install rgw"))
struct StoreErrorTests {
    private func place(_ server: S3Server, bucket: String? = nil) throws -> Workplace {
        let place = try Workplace()
        place.set("LIFEBOAT_REPOSITORY", server.address(bucket: bucket, prefix: S3Server.freshPrefix()))
        place.set("AWS_ACCESS_KEY_ID", server.accessKeyID)
        place.set("AWS_SECRET_ACCESS_KEY", server.secret)
        return place
    }

    @Test("the whole way through S3: init, backup, check, restore, and the cache is used")
    func wholeWay() async throws {
        let server = try await S3Server.shared()
        let place = try place(server)
        let data = place.path("data")
        try place.write("hello", to: "data/file")
        let secret = place.path("secret")
        #expect(await place.run("init", "--generate-password-file", secret).status == 0)
        place.set("LIFEBOAT_PASSWORD_FILE", secret)
        let backup = await place.run("backup", "--path", data)
        #expect(backup.status == 0, "\(backup.messages)")
        #expect(await place.run("check", "--read-data").status == 0)
        #expect(await place.run("restore", "-s", "latest", "-t", place.path("out"), "--path", data).status == 0)
        #expect(try place.read("out/file") == "hello")
        #expect(try place.list(".cache/lifeboat").count == 1, "one folder per repository")
        #expect(await place.run("snapshots", "--no-cache", "--cache-dir", place.path("unused")).status == 0)
    }

    @Test("the bucket is missing")
    func bucket() async throws {
        let server = try await S3Server.shared()
        let place = try place(server, bucket: "no-such-bucket")
        let outcome = await place.run("snapshots")
        #expect(outcome.status == 10, "\(outcome.messages)")
        #expect(outcome.errorLines.count == 3 && outcome.messages.contains("no-such-bucket"), "\(outcome.messages)")
    }

    @Test("credentials are missing, unknown, or of a stranger")
    func credentials() async throws {
        let server = try await S3Server.shared()
        let place = try place(server)
        place.set("AWS_SECRET_ACCESS_KEY", "wrong")
        let wrong = await place.run("snapshots")
        #expect(wrong.status == 1 && wrong.errorLines.count == 3, "\(wrong.messages)")
        #expect(!wrong.messages.contains("wrong\n"), "the secret is not repeated")
        place.set("AWS_ACCESS_KEY_ID", nil)
        place.set("AWS_SECRET_ACCESS_KEY", nil)
        let missing = await place.run("snapshots")
        #expect(missing.status == 1 && missing.errorLines.count == 3, "\(missing.messages)")
        place.set("AWS_ACCESS_KEY_ID", server.stranger.id)
        place.set("AWS_SECRET_ACCESS_KEY", server.stranger.secret)
        let stranger = await place.run("snapshots")
        #expect(stranger.status == 1 && stranger.errorLines.count == 3, "\(stranger.messages)")
    }

    @Test("a certificate that is not trusted is refused, and trusted with --ca-file")
    func certificate() async throws {
        let server = try await S3Server(.gateway, options: ["S3_TLS": "1"])
        let place = try place(server)
        let refused = await place.run("init")
        #expect(refused.status == 1 && refused.errorLines.count == 3, "\(refused.messages)")
        #expect(refused.messages.contains("certificate"), "\(refused.messages)")
        let trusted = await place.run("init", "--ca-file", try #require(server.certificateFile))
        #expect(trusted.status == 0, "\(trusted.messages)")
        try await server.stop()
    }

    @Test("an address that is none is told, and a secret in it is not repeated")
    func address() async throws {
        let place = try Workplace()
        for address in ["s3:https://host", "s3:https://user:secret@host/bucket", "sftp:host:/path"] {
            let outcome = await place.run("snapshots", "-r", address)
            #expect(outcome.status == 1 && outcome.errorLines.count >= 2, "\(outcome.messages)")
            #expect(!outcome.messages.contains("secret@"), "\(outcome.messages)")
        }
    }
}
