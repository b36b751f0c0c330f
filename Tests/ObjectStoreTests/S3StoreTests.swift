import Glibc
import ObjectStore
import TestSupport
import Testing

@Suite("a bucket of Ceph's gateway as a store", .enabled(if: S3Server.Kind.gateway.isExpected, "no radosgw here"))
struct GatewayStoreTests {
    @Test("keeps the contract", arguments: StoreContract.claims())
    func contract(claim: StoreContract.Claim) async throws {
        try await claim.check(S3Server.shared().store())
    }

    @Test("keeps its objects apart from those of a longer prefix and of the bucket")
    func prefixes() async throws {
        let server = try await S3Server.shared()
        let bucket = try await server.makeBucket()
        let whole = try server.store(bucket: bucket, prefix: "")
        let (short, long) = try (server.store(bucket: bucket, prefix: "a"), server.store(bucket: bucket, prefix: "ab"))
        try await short.put("x", [1])
        try await long.put("x", [2])
        try await whole.put("b/x", [3])
        #expect(try await short.list(prefix: "").map(\.name) == ["x"])
        #expect(try await whole.list(prefix: "").map(\.name) == ["a/x", "ab/x", "b/x"])
        #expect(try await whole.list(prefix: "a").map(\.name) == ["a/x", "ab/x"])
    }

    @Test("passes over keys that are no names of ours, page after page of them")
    func foreignKeys() async throws {
        let server = try await S3Server.shared()
        let bucket = try await server.makeBucket()
        let whole = try server.store(bucket: bucket, prefix: "")
        for name in ["p/a", "p/b"] { try await whole.put(name, [1]) }
        let python = """
            import sys, urllib.request, urllib.parse, botocore.session
            from botocore.config import Config
            client = botocore.session.get_session().create_client("s3", endpoint_url=sys.argv[1], region_name="us-east-1",
                config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"))
            for key in ["p/", "p//", "p/a/", "p/a//x", "p/a/../y", "p/aa/./", "p/c/"]:
                client.put_object(Bucket=sys.argv[2], Key=key, Body=b"foreign")
            """
        _ = try await Tool.run("python3", ["-c", python, server.endpoint, bucket], variables: server.variables)
        let store = try server.store(bucket: bucket, prefix: "p")
        #expect(try await store.list(prefix: "").map(\.name) == ["a", "b"])
        var seen = [String]()
        while true {
            let page = try await store.list(prefix: "", after: seen.last, limit: 1)
            seen += page.objects.map(\.name)
            if !page.hasMore { break }
        }
        #expect(seen == ["a", "b"])
    }

    @Test("an object whose bytes changed on the way is refused by the server")
    func wrongDigest() async throws {
        let store = try await S3Server.shared().store()
        let error = await #expect(throws: StoreError.self) {
            try await store.put("a", [1, 2, 3], digest: [UInt8](repeating: 7, count: 32), condition: .always)
        }
        #expect(error?.code == .corrupt)
        #expect(error?.isTransient == true)
        #expect(try await store.list(prefix: "").isEmpty)
    }
}

@Suite("a bucket of rclone as a store", .serialized, .enabled(if: S3Server.Kind.rclone.isExpected, "no rclone here"))
struct RcloneStoreTests {
    // It keeps objects as files, so a name cannot be a folder of another and its parts are short; it ignores conditions,
    // what is read while it is replaced may be cut (which the store notices), and now and then it answers 500 to writers
    // at the same time, so it is tried again.
    @Test(
        "keeps the contract as far as it can",
        arguments: StoreContract.claims(
            except: .nestedNames, .longParts, .conditions, .atomicReplacing))
    func contract(claim: StoreContract.Claim) async throws {
        try await claim.check(RetryingStore(S3Server.shared(.rclone).store()))
    }
}
