public import Sealing

/// A name and its value, in a header or a query.
public struct RequestField: Sendable, Hashable {
    /// The name, as it is sent.
    public let name: String
    /// The value, as it is sent in a header, not yet encoded in a query.
    public let value: String

    /// Makes a field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What Signature Version 4 signs of a request.
public struct SigningRequest: Sendable {
    /// `GET`, `PUT` ...
    public var method: String
    /// The path as it goes over the wire; percent-encoded already where the service is S3.
    public var path: String
    /// The query, not yet encoded, in any order.
    public var query: [RequestField]
    /// All headers that are to be signed, `host` and `x-amz-date` among them.
    public var headers: [RequestField]
    /// SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`.
    public var payloadHash: String

    /// Describes a request.
    public init(
        method: String, path: String, query: [RequestField] = [], headers: [RequestField], payloadHash: String
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.payloadHash = payloadHash
    }
}

/// Signature Version 4 of AWS in the `Authorization` header, as "Create a signed AWS API request" of the IAM User Guide
/// describes it. Pure: the date is part of the request's headers and of the scope handed in.
public struct RequestSigner: Sendable {
    /// How a service takes the path.
    public enum Service: Sendable, Hashable {
        /// S3: the path as it was sent, encoded once and not normalised, because a key may hold `//` and `..`.
        case s3
        /// Any other: `.`, `..` and empty parts are resolved, then the sent path is encoded once more.
        case other(String)

        var name: String {
            switch self {
            case .s3: "s3"
            case .other(let name): name
            }
        }
    }

    let accessKeyID: String
    let secret: SecretBytes
    let region: String
    let service: Service

    /// A signer for one key, region and service.
    public init(accessKeyID: String, secret: SecretBytes, region: String, service: Service) {
        self.accessKeyID = accessKeyID
        self.secret = secret
        self.region = region
        self.service = service
    }

    /// The value of the `Authorization` header. `date` is that of `x-amz-date`, such as `20150830T123600Z`.
    public func authorization(for request: SigningRequest, date: String) -> String {
        let headers = RequestSigner.canonical(request.headers)
        let names = headers.map(\.name).joined(separator: ";")
        let day = String(date.prefix(8))
        let scope = "\(day)/\(region)/\(service.name)/aws4_request"
        let text = stringToSign(for: request, date: date)
        let key = ["\(day)", region, service.name, "aws4_request"].reduce(firstKey()) { key, part in
            MessageAuthenticator.code(Array(part.utf8), key: key)
        }
        let signature = RequestSigner.hex(MessageAuthenticator.code(Array(text.utf8), key: key))
        return "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
    }

    /// The text whose authentication code is the signature.
    public func stringToSign(for request: SigningRequest, date: String) -> String {
        let hash = SHA256.digest(Array(canonicalRequest(request).utf8)).hex
        return "AWS4-HMAC-SHA256\n\(date)\n\(date.prefix(8))/\(region)/\(service.name)/aws4_request\n\(hash)"
    }

    /// The request in its canonical form.
    public func canonicalRequest(_ request: SigningRequest) -> String {
        let headers = RequestSigner.canonical(request.headers)
        let path =
            switch service {
            case .s3: request.path
            case .other: PercentEncoding.encodePath(RequestSigner.normalise(request.path))
            }
        let lines = headers.map { "\($0.name):\($0.value)\n" }.joined()
        let names = headers.map(\.name).joined(separator: ";")
        let query = RequestSigner.canonicalQuery(request.query)
        return "\(request.method)\n\(path)\n\(query)\n\(lines)\n\(names)\n\(request.payloadHash)"
    }

    /// The query encoded and sorted; also what is sent.
    static func canonicalQuery(_ query: [RequestField]) -> String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Lower-case names in order, values trimmed with single spaces, values of one name joined in order of arrival.
    private static func canonical(_ headers: [RequestField]) -> [RequestField] {
        var order = [String]()
        var values = [String: [String]]()
        for header in headers {
            let name = header.name.lowercased()
            if values[name] == nil { order.append(name) }
            // By bytes: a space with an accent behind it is one Character, and still a space.
            let words = header.value.utf8.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
            values[name, default: []].append(words.map { String(Substring($0)) }.joined(separator: " "))
        }
        return order.sorted().map { RequestField($0, values[$0, default: []].joined(separator: ",")) }
    }

    private static func normalise(_ path: String) -> String {
        var kept = [Substring]()
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": kept = kept.dropLast()
            default: kept.append(part)
            }
        }
        return "/" + kept.joined(separator: "/") + (path.hasSuffix("/") && !kept.isEmpty ? "/" : "")
    }

    private func firstKey() -> [UInt8] {
        var key = Array("AWS4".utf8)
        unsafe secret.withBytes { unsafe key.append(contentsOf: $0) }
        return key
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        Digest(bytes: bytes)?.hex ?? ""
    }
}

/// HMAC-SHA256 (RFC 2104).
enum MessageAuthenticator {
    private static let blockByteCount = 64

    static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > blockByteCount ? SHA256.digest(key).bytes : key
        block += [UInt8](repeating: 0, count: blockByteCount - block.count)
        let inner = SHA256.digest(block.map { $0 ^ 0x36 } + message)
        return SHA256.digest(block.map { $0 ^ 0x5c } + inner.bytes).bytes
    }
}
