public import Sealing

/// Where an S3 server answers.
public struct S3Endpoint: Sendable, Hashable {
    /// False for plain HTTP, which is for tests and private networks.
    public var isSecure: Bool
    /// Host name or address; an IPv6 address stands in brackets.
    public var host: String
    /// nil for the scheme's own port.
    public var port: UInt16?

    /// Describes an endpoint.
    public init(isSecure: Bool = true, host: String, port: UInt16? = nil) {
        self.isSecure = isSecure
        self.host = host.lowercased()
        self.port = port
    }

    /// `https` or `http`.
    var scheme: String { isSecure ? "https" : "http" }

    /// Host and port as the `Host` header has them: the scheme's own port is left out.
    func authority(_ host: String) -> String {
        guard let port, port != (isSecure ? 443 : 80) else { return host }
        return "\(host):\(port)"
    }

    /// True for the endpoints of AWS itself.
    var isAWS: Bool { host == "s3.amazonaws.com" || (host.hasPrefix("s3.") && host.hasSuffix(".amazonaws.com")) }

    /// The region in a host like `s3.eu-west-1.amazonaws.com`.
    var regionInHost: String? {
        let parts = host.split(separator: ".")
        return isAWS && parts.count == 4 ? String(parts[1]) : nil
    }
}

/// How an S3 store is reached.
public struct S3Settings: Sendable {
    /// Where the bucket's name goes.
    public enum AddressStyle: String, Sendable {
        /// In the host for AWS unless the bucket's name has dots (no certificate covers those), else in the path.
        case automatic
        /// `https://host/bucket/key`.
        case path
        /// `https://bucket.host/key`.
        case virtualHost = "virtual-host"
    }

    /// The server.
    public var endpoint: S3Endpoint
    /// The bucket, which must exist.
    public var bucket: String
    /// What all keys begin with, without slashes at its ends; may be empty.
    public var prefix: String
    /// The region to sign for. nil: what the host says, else `us-east-1`; the server's correction is adopted once.
    public var region: String?
    /// Where the bucket's name goes.
    public var style = AddressStyle.automatic
    /// PEM file of certificates to trust instead of the system's.
    public var certificateFile: String?
    /// Address of an HTTP proxy; nil for none.
    public var proxy: String?
    /// Transfers at the same time, 1 ... 256; more wait.
    public var connectionCount = 8
    /// Seconds until a connection must stand.
    public var connectSeconds = 10
    /// Seconds without a byte after which a transfer has failed.
    public var stallSeconds = 60

    /// Settings for a bucket, all others at their defaults.
    public init(endpoint: S3Endpoint, bucket: String, prefix: String = "") {
        self.endpoint = endpoint
        self.bucket = bucket
        self.prefix = prefix
    }

    var usesVirtualHost: Bool {
        switch style {
        case .automatic: endpoint.isAWS && !bucket.contains(".")
        case .path: false
        case .virtualHost: true
        }
    }

    var firstRegion: String { region ?? endpoint.regionInHost ?? "us-east-1" }

    var location: String {
        let base = "s3:\(endpoint.scheme)://\(endpoint.authority(endpoint.host))/\(bucket)"
        return prefix.isEmpty ? base : "\(base)/\(prefix)"
    }

    var transfer: TransferSettings {
        TransferSettings(
            connectionCount: min(max(connectionCount, 1), 256), connectSeconds: connectSeconds,
            stallSeconds: stallSeconds,
            certificateFile: certificateFile, proxy: proxy)
    }
}

/// A key that an S3 server knows us by.
public struct AccessKey: Sendable {
    /// The public part.
    public let id: String
    /// The secret part, overwritten when it is let go.
    public let secret: SecretBytes
    /// The token of temporary credentials.
    public let sessionToken: String?

    /// Makes a key.
    public init(id: String, secret: String, sessionToken: String? = nil) {
        self.id = id
        self.secret = SecretBytes(Array(secret.utf8))
        self.sessionToken = sessionToken
    }
}

extension AccessKey: CustomStringConvertible, CustomReflectable {
    /// The public part only.
    public var description: String { "access key \(id)" }
    /// Nothing but the public part, for dumps.
    public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
