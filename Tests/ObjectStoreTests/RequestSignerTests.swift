import FoundationEssentials
import Glibc
import Sealing
import TestSupport
import Testing

@testable import ObjectStore

@Suite("the signer of requests")
struct RequestSignerTests {
    /// One case of `sigv4-vectors.py`.
    struct Vector: Decodable {
        let name, method, key, payload, region, host, date, keyID, secret, authorization: String
        let query, headers: [[String]]
        let token: String?

        func sign() -> String {
            var headers = headers.map { RequestField($0[0], $0[1]) }
            headers += [RequestField("host", host), RequestField("x-amz-date", date)]
            headers.append(RequestField("X-Amz-Content-SHA256", payload))
            if let token { headers.append(RequestField("x-amz-security-token", token)) }
            let request = SigningRequest(
                method: method, path: PercentEncoding.encodePath(key), query: query.map { RequestField($0[0], $0[1]) },
                headers: headers, payloadHash: payload)
            let secret = SecretBytes(Array(secret.utf8))
            return RequestSigner(accessKeyID: keyID, secret: secret, region: region, service: .s3)
                .authorization(for: request, date: date)
        }
    }

    @Test("signs as botocore did when the vectors were made")
    func committed() throws {
        let path = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Vectors/s3-sigv4.json"
        let vectors = try JSONDecoder().decode([Vector].self, from: Data(contentsOf: URL(filePath: path)))
        #expect(vectors.count == 76)
        for vector in vectors { #expect(vector.sign() == vector.authorization, "\(vector.name)") }
    }

    @Test("signs as botocore does, whatever the request")
    func live() async throws {
        if getenv("CI") == nil, (try? await Tool.run("python3", ["-c", "import botocore"])) == nil {
            try Test.cancel("no botocore here")
        }
        let seed = UInt32.random(in: 0 ... .max)
        print("seed of the requests: \(seed)")
        let text = try await Tool.run("python3", [Tool.supportFile("sigv4-vectors.py"), String(seed), "400"])
        let vectors = try JSONDecoder().decode([Vector].self, from: Data(text.utf8))
        #expect(vectors.count == 400)
        for vector in vectors { #expect(vector.sign() == vector.authorization, "\(vector) of seed \(seed)") }
    }

    private static let suite =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/shared/vectors/sigv4"

    @Test("passes the test suite of AWS", .enabled(if: access(suite, R_OK) == 0, "the suite is not beside the package"))
    func awsSuite() throws {
        var cases = 0
        let all = try FileManager.default.subpathsOfDirectory(atPath: Self.suite)
        for path in all where path.hasSuffix(".req") {
            cases += 1
            try check(Self.suite + "/" + path.dropLast(4))
        }
        #expect(cases == 34)
    }

    private func check(_ base: String) throws {
        func text(_ kind: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(filePath: base + kind)), as: UTF8.self)
        }
        let canonical = try text(".creq")
        var request = try parse(try text(".req"))
        // The case's text gives the token, not its request.
        let names = canonical.split(separator: "\n", omittingEmptySubsequences: false)
        if !request.headers.contains(where: { $0.name.lowercased() == "x-amz-security-token" }),
            let token = names.first(where: { $0.hasPrefix("x-amz-security-token:") })
        {
            request.headers.append(RequestField("X-Amz-Security-Token", String(token.dropFirst(21))))
        }
        let signer = RequestSigner(
            accessKeyID: "AKIDEXAMPLE", secret: SecretBytes(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8)),
            region: "us-east-1", service: .other("service"))
        #expect(signer.canonicalRequest(request) == canonical, "\(base)")
        #expect(try signer.stringToSign(for: request, date: "20150830T123600Z") == text(".sts"), "\(base)")
        #expect(try signer.authorization(for: request, date: "20150830T123600Z") == text(".authz"), "\(base)")
    }

    private func parse(_ text: String) throws -> SigningRequest {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = parts[0].split(separator: "\n")
        let first = lines.removeFirst()
        let start = try #require(first.firstIndex(of: " "))
        let end = try #require(first.lastIndex(of: " "))
        let target = first[first.index(after: start)..<end].split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var query = [RequestField]()
        for pair in (target.count > 1 ? target[1] : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try #require(PercentEncoding.decode(sides[0]))
            query.append(RequestField(name, try #require(PercentEncoding.decode(sides.count > 1 ? sides[1] : ""))))
        }
        var headers = [RequestField]()
        for line in lines {
            if line.first == " ", let last = headers.popLast() {
                headers.append(RequestField(last.name, last.value + "\n" + line))
            } else {
                let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                headers.append(RequestField(String(sides[0]), String(sides[1])))
            }
        }
        let body = parts.count > 1 ? Array(parts[1].utf8) : []
        return SigningRequest(
            method: String(first[..<start]), path: String(target[0]), query: query, headers: headers,
            payloadHash: SHA256.digest(body).hex)
    }
}
