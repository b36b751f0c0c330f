/// Where a store is, as people and configuration write it.
///
///     /srv/backup                          a directory
///     s3:https://host[:port]/bucket/prefix
///     s3:host/bucket/prefix                the same with https
///     s3:http://127.0.0.1:9000/bucket      for tests and private networks
public enum StoreAddress: Sendable {
    /// A directory of this machine.
    case directory(String)
    /// A bucket of an S3 server, with a prefix or without.
    case s3(S3Settings)

    /// Reads an address. `.invalidConfiguration` says what is wrong with it.
    public init(_ text: String) throws(StoreError) {
        guard text.hasPrefix("s3:") else {
            let scheme = text.prefix { $0.isASCII && $0.isLetter }
            if text.isEmpty || text.utf8.contains(0) { throw StoreAddress.invalid(text, "is no path") }
            if text.dropFirst(scheme.count).hasPrefix("://") || ["sftp", "rest", "b2", "gs", "azure"].contains(scheme),
                text.dropFirst(scheme.count).hasPrefix(":")
            {
                throw StoreAddress.invalid(text, "has the unknown scheme \(scheme)")
            }
            self = .directory(text)
            return
        }
        self = .s3(try StoreAddress.bucket(text))
    }

    private static func bucket(_ text: String) throws(StoreError) -> S3Settings {
        var rest = text.dropFirst(3)
        var isSecure = true
        if rest.hasPrefix("https://") {
            rest = rest.dropFirst(8)
        } else if rest.hasPrefix("http://") {
            rest = rest.dropFirst(7)
            isSecure = false
        }
        if rest.contains("@") && !(rest.split(separator: "/").first ?? "").allSatisfy({ $0 != "@" }) {
            // Not echoed: what stands before the @ may be a secret.
            throw StoreError(
                .invalidConfiguration, "the address holds credentials", subject: "s3:",
                hint: "put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or ~/.aws/credentials")
        }
        guard !rest.contains("?"), !rest.contains("#") else { throw invalid(text, "holds a ? or a #") }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard let server = parts.first, parts.count >= 2 else { throw invalid(text, "names no bucket") }
        let endpoint = try endpoint(server, isSecure: isSecure, of: text)
        let bucket = String(parts[1])
        let isPlain = bucket.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
            default: false
            }
        }
        guard (1...255).contains(bucket.utf8.count), isPlain, bucket != ".", bucket != ".." else {
            throw invalid(text, "has no valid name of a bucket")
        }
        var inside = parts.dropFirst(2)
        while inside.last == "" { inside = inside.dropLast() }
        let prefix = inside.joined(separator: "/")
        if !prefix.isEmpty, !ObjectName.isValid(prefix) { throw invalid(text, "has no valid prefix") }
        return S3Settings(endpoint: endpoint, bucket: bucket, prefix: prefix)
    }

    private static func endpoint(
        _ text: Substring, isSecure: Bool, of address: String
    ) throws(StoreError) -> S3Endpoint {
        var host = text
        var port: UInt16?
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else {
                throw invalid(address, "has no valid port")
            }
            port = number
            host = text[..<colon]
        }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
            case 0x3a, 0x5b, 0x5d: host.hasPrefix("[") && host.hasSuffix("]")
            default: false
            }
        }
        guard !host.isEmpty, isPlain else { throw invalid(address, "has no valid host") }
        return S3Endpoint(isSecure: isSecure, host: String(host), port: port)
    }

    private static func invalid(_ text: String, _ flaw: String) -> StoreError {
        StoreError(
            .invalidConfiguration, "the store address \(flaw)", subject: text,
            hint: "write a directory, or s3:https://host/bucket/prefix")
    }
}

extension StoreAddress: CustomStringConvertible {
    /// The address in full, which never holds a secret.
    public var description: String {
        switch self {
        case .directory(let path): path
        case .s3(let settings): settings.location
        }
    }
}
