import TestSupport
import Testing

@testable import Drills

@Suite("Requests through the front door")
struct FrontDoorTests {
    /// Sends one request to a server that answers with `answer`.
    private func send(
        _ answer: String, _ values: [String: String] = [:], _ bend: (inout FrontDoorRequest) -> Void = { _ in }
    ) async throws -> (FrontDoor.Outcome, [String]) {
        let server = try CannedServer([answer])
        defer { server.stop() }
        var plan = FrontDoorRequest(url: "http://127.0.0.1:\(server.port)/x/{id}")
        bend(&plan)
        let outcome = await FrontDoor().send(plan, RequestValues(values), timeout: .seconds(240))
        return (outcome, server.requests)
    }

    @Test("values are taken from JSON and from cookies, and stand in what is sent next")
    func captures() async throws {
        let answer =
            "HTTP/1.1 200 OK\nSet-Cookie: a=1\nSet-Cookie: session=s-2; HttpOnly\n\n{\"files\": [{\"id\": 17, \"n\": \"x\"}]}"
        let (outcome, requests) = try await send(answer, ["id": "a b&c", "token": "t"]) { plan in
            plan.headers = ["cookie": "session={token}"]
            plan.captures = ["file": "files.0.id", "name": "files.0.n", "s": "cookie session"]
        }
        #expect(outcome == .right(["file": "17", "name": "x", "s": "s-2"]))
        #expect(requests[0].hasPrefix("GET /x/a%20b%26c HTTP/1.1") && requests[0].contains("cookie: session=t"))
    }

    @Test(
        "an answer that is not what was wanted is wrong, and says why",
        arguments: [
            ("HTTP/1.1 503 No\n\nno", 503, "status 503, not 200"), ("HTTP/1.1 200 OK\n\nhello", 200, "other text"),
            ("HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/\n\nright", 302, "status 302"),
        ])
    func wrong(answer: String, status: Int, reason: String) async throws {
        let (outcome, _) = try await send(answer) { $0.contains = "right" }
        guard case .wrong(status, let why) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(why.contains(reason) && outcome.isStranger == (status == 302))
    }

    @Test(
        "byte for byte means all bytes and no more", arguments: [("right", true), ("right\n", false), ("righ", false)])
    func equals(body: String, isRight: Bool) async throws {
        let (filled, _) = try await send(
            "HTTP/1.1 200 OK\nContent-Length: \(body.utf8.count)\n\n\(body)", ["v": "right"]
        ) { $0.equals = "{v}" }
        #expect((filled.reason == nil) == isRight, "\(filled)")
    }

    @Test(
        "what a hostile service wants handed on is not",
        arguments: ["{\"v\": \"a\\r\\nx-admin: 1\"}", "{\"v\": null}", "{\"w\": 1}", "[[[[[", "{\"v\": {\"w\": 1}}"])
    func hostile(body: String) async throws {
        let (outcome, _) = try await send("HTTP/1.1 200 OK\n\n\(body)") { $0.captures = ["v": "v"] }
        #expect(outcome.reason?.contains("captured") == true, "\(outcome)")
    }

    @Test("an answer without end is refused, and no value makes another header field")
    func bounds() async throws {
        let (large, _) = try await send("HTTP/1.1 200 OK\n\n" + String(repeating: "x", count: 2 << 20))
        #expect(large == .silent(reason: "the answer is larger than was allowed"))
        let (field, requests) = try await send("HTTP/1.1 200 OK\n\n", ["v": "a\r\nb: c"]) { $0.headers = ["x": "{v}"] }
        #expect(field == .silent(reason: "a header field has a control character") && requests.isEmpty)
    }

    @Test("a service that is not there is silent")
    func nobody() async {
        let outcome = await FrontDoor().send(
            FrontDoorRequest(url: "http://127.0.0.1:1/"), RequestValues(), timeout: .seconds(240))
        guard case .silent = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(outcome.reason?.isEmpty == false)
    }
}
