import TestSupport
import Testing

@testable import ObjectStore

/// Answers that no well-behaved server gives, or not when asked to.
@Suite("what a server may answer")
struct CannedAnswerTests {
    private func with<T>(
        _ answers: [String], region: String? = nil, _ body: (S3Store, CannedServer) async throws -> T
    ) async throws -> T {
        let server = try CannedServer(answers)
        defer { server.stop() }
        var settings = S3Settings(
            endpoint: S3Endpoint(isSecure: false, host: "127.0.0.1", port: server.port), bucket: "bucket", prefix: "p")
        settings.region = region
        let key = AccessKey(id: "AKTEST", secret: "very-secret")
        return try await body(S3Store(settings: settings, accessKey: key, now: { 1_000_000_000 }), server)
    }

    private func failure(_ answer: String, _ call: (S3Store) async throws -> Void) async throws -> StoreError {
        try await with([answer]) { store, _ in
            let error = await #expect(throws: StoreError.self) { try await call(store) }
            return try #require(error)
        }
    }

    @Test("503 and 429 are throttling, with the pause that the server asks for", arguments: [503, 429])
    func throttled(status: Int) async throws {
        let error = try await failure("HTTP/1.1 \(status) X\nRetry-After: 7\nContent-Length: 0\n\n") {
            try await $0.put("a", [1])
        }
        #expect(error.code == .throttled)
        #expect(error.isTransient)
        #expect(error.retryAfter == .seconds(7))
    }

    @Test("a pause given as a date is understood, and no pause is longer than an hour")
    func retryAfterDate() async throws {
        let date = try await failure(
            "HTTP/1.1 503 X\nRetry-After: Sun, 09 Sep 2001 01:47:10 GMT\nContent-Length: 0\n\n"
        ) { try await $0.put("a", [1]) }
        #expect(date.retryAfter == .seconds(30))
        let long = try await failure("HTTP/1.1 503 X\nRetry-After: 999999999\nContent-Length: 0\n\n") {
            try await $0.put("a", [1])
        }
        #expect(long.retryAfter == .seconds(3600))
    }

    @Test("a server error is transient and quotes the server without its control characters")
    func serverError() async throws {
        let xml = "<Error><Code>InternalError</Code><Message>no &#27;[31mluck\ntoday</Message></Error>"
        let error = try await failure("HTTP/1.1 500 X\nContent-Length: \(xml.utf8.count)\n\n\(xml)") {
            _ = try await $0.get("a")
        }
        #expect(error.code == .unreachable)
        #expect(error.isTransient)
        #expect(error.message == "the server answered 500 (InternalError, no [31mlucktoday)")
        #expect(error.subject.hasSuffix("/bucket/p/a"))
    }

    @Test(
        "a body that is cut short is a transient failure",
        arguments: [
            "HTTP/1.1 200 OK\nContent-Length: 100\n\nshort",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\r\nshort\r\n",
            "HTTP/1.1 200 OK\n\nwho knows", "HTTP/1.1 200 OK\nContent-Le", "",
        ])
    func cut(answer: String) async throws {
        let error = try await failure(answer) { _ = try await $0.get("a") }
        #expect([.unreachable, .corrupt].contains(error.code))
        #expect(error.isTransient)
    }

    @Test(
        "a range is refused when other bytes come",
        arguments: [
            "HTTP/1.1 206 X\nContent-Length: 3\n\nabc",
            "HTTP/1.1 206 X\nContent-Range: bytes 11-13/100\nContent-Length: 3\n\nabc",
            "HTTP/1.1 206 X\nContent-Range: bytes 10-11/100\nContent-Length: 2\n\nab",
            "HTTP/1.1 206 X\nContent-Range: bytes 10-12/5\nContent-Length: 3\n\nabc",
            "HTTP/1.1 206 X\nContent-Range: bytes 10-12/100\nContent-Length: 2\n\nab",
            "HTTP/1.1 206 X\nContent-Range: bytes 10-18446744073709551615/*\nContent-Length: 3\n\nabc",
            "HTTP/1.1 200 X\nContent-Length: 3\n\nabc",
            "HTTP/1.1 206 X\nContent-Range: bytes 10-12/100\nContent-Length: 9\n\nabcdefghi",
        ])
    func wrongRange(answer: String) async throws {
        let error = try await failure(answer) { _ = try await $0.get("a", range: 10..<13) }
        #expect(error.code == .corrupt, "\(error)")
    }

    @Test("the region that the server names is adopted once, for all later requests")
    func region() async throws {
        let xml = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>"
        let answers = [
            "HTTP/1.1 400 X\nContent-Length: \(xml.utf8.count)\n\n\(xml)", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        ]
        try await with(answers) { store, server in
            try await store.put("a", [1])
            try await store.put("b", [1])
            #expect(server.requests.count == 3)
            #expect(server.requests[0].contains("/us-east-1/s3/aws4_request"))
            #expect(server.requests[1].contains("/eu-central-1/s3/aws4_request"))
            #expect(server.requests[2].contains("/eu-central-1/s3/aws4_request"))
        }
    }

    @Test("a server that never is content with the region is not asked for ever")
    func regionLoop() async throws {
        let answers = (0..<5).map { "HTTP/1.1 301 X\nx-amz-bucket-region: r-\($0)\nContent-Length: 0\n\n" }
        try await with(answers) { store, server in
            await StoreContract.expect(.invalidConfiguration) { try await store.put("a", [1]) }
            #expect(server.requests.count == 2)
        }
    }

    @Test("a region that is none is not adopted")
    func hostileRegion() async throws {
        try await with(["HTTP/1.1 301 X\nx-amz-bucket-region: evil.example/x\nContent-Length: 0\n\n"]) {
            store, server in
            await StoreContract.expect(.invalidConfiguration) { try await store.put("a", [1]) }
            #expect(server.requests.count == 1)
        }
    }

    @Test(
        "a listing with names that were not asked for, out of order or without sense is refused",
        arguments: [
            "<Contents><Key>other/a</Key><Size>1</Size></Contents>", "<Contents><Key>p/x</Key></Contents>",
            "<Contents><Key>p/x</Key><Size>-1</Size></Contents>", "<Contents><Size>1</Size></Contents>",
            "<Contents><Key>p/b</Key><Size>1</Size></Contents><Contents><Key>p/a</Key><Size>1</Size></Contents>",
            "<Contents><Key>p/a</Key><Size>1</Size></Contents><Contents><Key>p/a</Key><Size>1</Size></Contents>",
            "<IsTruncated>true</IsTruncated>",
            "<EncodingType>url</EncodingType><Contents><Key>p/%</Key><Size>1</Size></Contents>",
            "<Contents>",
        ])
    func hostileListing(inside: String) async throws {
        let xml = "<ListBucketResult>\(inside)</ListBucketResult>"
        let error = try await failure("HTTP/1.1 200 OK\nContent-Length: \(xml.utf8.count)\n\n\(xml)") {
            _ = try await $0.list(prefix: "", after: nil, limit: 10)
        }
        #expect(error.code == .corrupt, "\(error)")
    }

    @Test("a page of a web server is no store")
    func webPage() async throws {
        let page = "<!DOCTYPE html><html><body>Welcome</body></html>"
        let listing = try await failure("HTTP/1.1 200 OK\nContent-Length: \(page.utf8.count)\n\n\(page)") {
            _ = try await $0.list(prefix: "")
        }
        #expect(listing.code == .corrupt)
        let put = try await failure("HTTP/1.1 405 X\nContent-Length: \(page.utf8.count)\n\n\(page)") {
            try await $0.put("a", [1])
        }
        #expect(put.code == .failed)
        #expect(put.hint == "is this the address of an S3 server?")
        let other = try await failure("SSH-2.0-OpenSSH_9.2\n") { try await $0.put("a", [1]) }
        #expect(other.code == .invalidConfiguration, "\(other)")
    }

    @Test("deleting goes one by one where the server has no batches")
    func noBatches() async throws {
        let refusal = "HTTP/1.1 501 X\nContent-Length: 0\n\n"
        let fine = "HTTP/1.1 204 X\n\n"
        try await with([refusal, fine, fine, fine, fine]) { store, server in
            try await store.delete(["a", "b"])
            try await store.delete(["c", "d"])
            #expect(
                server.requests.map { String($0.prefix { $0 != " " }) } == [
                    "POST", "DELETE", "DELETE", "DELETE", "DELETE",
                ])
        }
    }

    @Test("of a batch deletion the first failure is thrown, by the name of the object")
    func partialBatch() async throws {
        let xml = """
            <DeleteResult><Error><Key>p/b</Key><Code>AccessDenied</Code><Message>locked</Message></Error></DeleteResult>
            """
        let error = try await failure("HTTP/1.1 200 OK\nContent-Length: \(xml.utf8.count)\n\n\(xml)") {
            try await $0.delete(["a", "b"])
        }
        #expect(error.code == .accessDenied)
        #expect(error.subject.hasSuffix("/bucket/p/b"))
    }

    @Test("neither errors nor dumps hold the secret")
    func secrets() async throws {
        let error = try await failure("HTTP/1.1 500 X\nContent-Length: 0\n\n") { try await $0.put("a", [1]) }
        var dumped = ""
        dump(error, to: &dumped)
        dump(AccessKey(id: "AKTEST", secret: "very-secret"), to: &dumped)
        #expect(!dumped.contains("very-secret"))
        #expect(!String(describing: AccessKey(id: "AKTEST", secret: "very-secret")).contains("very-secret"))
    }

    @Test("a request says who asks, does not wait to send its body, and names its payload")
    func headers() async throws {
        try await with(["HTTP/1.1 200 OK\nContent-Length: 0\n\n"]) { store, server in
            try await store.put("a b+c", [1])
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("PUT /bucket/p/a%20b%2Bc HTTP/1.1\r\n"))
            let lines = request.split(separator: "\r\n")
            #expect(lines.contains("User-Agent: lifeboat"))
            #expect(lines.contains("Content-Length: 1"))
            #expect(
                lines.contains("x-amz-content-sha256: 4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a")
            )
            #expect(!request.lowercased().contains("expect"))
        }
    }
}
