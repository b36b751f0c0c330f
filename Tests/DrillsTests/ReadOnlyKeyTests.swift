import ObjectStore
import TestSupport
import Testing

@testable import Drills

/// What a service refuses, and in which words, is its own: tried with Ceph's gateway.
@Suite(
    "Keys of a real S3 service that must not write",
    .enabled(if: S3Server.Kind.gateway.isExpected, "no radosgw here"))
struct ReadOnlyKeyTests {
    static let reading = [("s3:ListBucket", ""), ("s3:GetObject", "/*")]

    /// Can it be read from at all? A key that is refused everything proves nothing here.
    private func readable(_ store: S3Store, _ owner: S3Store) async throws {
        try await owner.put("config", [1, 2, 3])
        #expect(try await store.get("config") == [1, 2, 3])
        #expect(try await store.list(prefix: "").map(\.name) == ["config"])
    }

    @Test("a key that may only read is proven unable to write, and leaves nothing")
    func reader() async throws {
        let server = try await S3Server.shared()
        let prefix = S3Server.freshPrefix()
        let owner = try server.store(prefix: prefix)
        let store = try server.store(prefix: prefix, key: try await server.makeReader())
        try await readable(store, owner)
        #expect(await WriteRefusal(store).prove() == nil)
        #expect(try await owner.list(prefix: "").map(\.name) == ["config"])
    }

    @Test(
        "a policy that lets somebody read is no leave to write; one that lets him do anything more is told",
        arguments: [
            (nil, nil), (("s3:PutObject", "/p/locks/*"), "locks/write-refusal"),
            (("s3:PutObject", "/p/lifeboat/points/*"), "lifeboat/points/write-refusal"),
            (("s3:PutObject", "/*"), "write-refusal"), (("s3:DeleteObject", "/*"), "may be removed"),
        ] as [((String, String)?, String?)])
    func policies(more: (String, String)?, wanted: String?) async throws {
        let server = try await S3Server.shared()
        let bucket = try await server.makeBucket()
        try await server.allowStranger(Self.reading + [more].compactMap { $0 }, in: bucket)
        let owner = try server.store(bucket: bucket, prefix: "p")
        let store = try server.store(bucket: bucket, prefix: "p", key: server.stranger)
        try await readable(store, owner)
        let reason = await WriteRefusal(store).prove()
        guard let wanted else {
            #expect(reason == nil)
            return
        }
        #expect(reason?.contains(wanted) == true, "\(reason ?? "proven")")
        // Who may store and not remove is told what stays.
        let left = try await owner.list(prefix: "").map(\.name).filter { $0 != "config" }
        #expect(left.isEmpty == (more?.0 == "s3:DeleteObject"), "\(left)")
        #expect(left.isEmpty || reason?.contains("remove it") == true, "\(reason ?? "")")
    }
}
