import Glibc
import ObjectStore
import TestSupport
import Testing

@Suite("what goes wrong with Ceph's gateway", .enabled(if: S3Server.Kind.gateway.isExpected, "no radosgw here"))
struct S3FailureTests {
    /// Expects every call of a store to fail alike; gives the error of the put.
    private func expectAll(_ code: StoreError.Code, _ store: S3Store) async -> StoreError? {
        await StoreContract.expect(code) { _ = try await store.get("a") }
        await StoreContract.expect(code) { _ = try await store.head("a") }
        await StoreContract.expect(code) { _ = try await store.list(prefix: "") }
        await StoreContract.expect(code) { try await store.delete("a") }
        await StoreContract.expect(code) { try await store.delete(["a", "b"]) }
        let error = await #expect(throws: StoreError.self) { try await store.put("a", [1]) }
        #expect(error?.code == code)
        #expect(error?.isTransient == false)
        return error
    }

    private func store(id: String? = nil, secret: String? = nil, bucket: String? = nil, secondsOff: Int64 = 0)
        async throws
        -> S3Store
    {
        let server = try await S3Server.shared()
        return S3Store(
            settings: try server.settings(bucket: bucket),
            accessKey: AccessKey(id: id ?? server.accessKeyID, secret: secret ?? server.secret),
            now: { Int64(time(nil)) + secondsOff })
    }

    @Test("a wrong secret is told from an unknown key")
    func credentials() async throws {
        let secret = await expectAll(.credentialsRefused, try await store(secret: "wrong"))
        #expect(secret?.message == "the server finds the signature wrong, so the secret key is not the right one")
        let key = await expectAll(.credentialsRefused, try await store(id: "AKNOBODY"))
        #expect(key?.message == "the server does not know the access key")
    }

    @Test("a missing bucket is named")
    func missingBucket() async throws {
        let error = await expectAll(.storeMissing, try await store(bucket: "no-such-bucket"))
        #expect(error?.message == "there is no bucket no-such-bucket")
    }

    @Test("a stranger is denied")
    func stranger() async throws {
        let stranger = try await S3Server.shared().stranger
        let error = await expectAll(.accessDenied, try await store(id: stranger.id, secret: stranger.secret))
        #expect(error?.hint.isEmpty == false)
    }

    @Test("a clock that is wrong is measured", arguments: [-1200, 1200])
    func clock(offset: Int64) async throws {
        let error = await expectAll(.clockSkewed, try await store(secondsOff: offset))
        let message = try #require(error?.message)
        #expect(
            message.hasSuffix(offset < 0 ? "seconds behind the server's" : "seconds ahead of the server's"),
            "\(message)")
        let seconds = try #require(message.split(separator: " ").compactMap { Int($0) }.first)
        #expect((1195...1205).contains(seconds))
    }

    @Test("a certificate that nobody vouches for is refused until its file is given")
    func trust() async throws {
        let server = try await S3Server(.rclone, options: ["S3_TLS": "1"])
        let key = AccessKey(id: server.accessKeyID, secret: server.secret)
        var settings = try server.settings()
        try await S3Store(settings: settings, accessKey: key, now: StoreEnvironment.systemTime).put("a", [1])
        settings.certificateFile = nil
        let error = await expectAll(.tlsUntrusted, S3Store(settings: settings, accessKey: key, now: { 0 }))
        #expect(
            error?.message.hasPrefix("the certificate of 127.0.0.1 is not trusted") == true, "\(error?.message ?? "")")
        #expect(error?.hint.contains("CA file") == true)
        settings.certificateFile = "/nowhere.pem"
        let second = await expectAll(.invalidConfiguration, S3Store(settings: settings, accessKey: key, now: { 0 }))
        #expect(second?.message == "the CA file /nowhere.pem cannot be used")
        try await server.stop()
    }

    @Test("TLS to a server without it is told from a broken one")
    func plainServer() async throws {
        var settings = try await S3Server.shared().settings()
        settings.endpoint.isSecure = true
        let key = AccessKey(id: "a", secret: "b")
        let error = await #expect(throws: StoreError.self) {
            try await S3Store(settings: settings, accessKey: key, now: { 0 }).put("a", [1])
        }
        #expect(error?.code == .tlsUntrusted, "\(String(describing: error))")
        #expect(error?.hint.contains("http://") == true)
    }

    @Test("a server killed in the middle of uploads is ridden out by retrying, and nothing half is left")
    func killed() async throws {
        let server = try await S3Server(.gateway)
        var policy = RetryingStore.Policy()
        policy.firstPause = .milliseconds(50)
        policy.longestPause = .milliseconds(500)
        policy.attemptCount = 60
        let bare = try server.store()
        let store = RetryingStore(bare, policy: policy)
        let bytes = StoreContract.bytes(8 << 20)
        let (started, announce) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for turn in 0..<6 {
                        announce.yield(turn)
                        try await store.put("kill/\(writer)/\(turn)", bytes)
                    }
                }
            }
            for await turn in started where turn == 2 { break }
            try await server.kill()
            await StoreContract.expect(.unreachable) { try await bare.put("alone", [1]) }
            try await server.restart()
            try await group.waitForAll()
        }
        let listed = try await store.list(prefix: "kill/")
        #expect(listed.count == 24)
        for info in listed { #expect(info.byteCount == UInt64(bytes.count)) }
        #expect(try await StoreContract.same(store.get("kill/3/5"), bytes))
        try await server.stop()
    }
}
