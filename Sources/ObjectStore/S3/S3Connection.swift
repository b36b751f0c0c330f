import Sealing
import Synchronization

/// Builds, signs and sends requests to one bucket, and adopts the region that the server names.
final class S3Connection: Sendable {
    /// One request to the bucket, before it is signed.
    struct Operation {
        var method: String
        /// nil for the bucket itself.
        var key: String?
        var query: [RequestField] = []
        var headers: [RequestField] = []
        var body: ArraySlice<UInt8> = []
        /// SHA-256 of the body when it is known already.
        var digest: [UInt8]?
        var largestBody = 1 << 20
        /// What errors name.
        var subject: String
    }

    let settings: S3Settings
    let location: String
    private let accessKey: AccessKey
    private let now: @Sendable () -> Int64
    private let lane: TransferLane
    private let region: Mutex<String>

    init(settings: S3Settings, accessKey: AccessKey, now: @escaping @Sendable () -> Int64) {
        self.settings = settings
        self.accessKey = accessKey
        self.now = now
        location = settings.location
        lane = TransferLane(settings: settings.transfer)
        region = Mutex(settings.firstRegion)
    }

    /// Sends an operation and gives the answer, whatever its status.
    func send(_ operation: Operation) async throws(StoreError) -> HTTPResponse {
        let region = region.withLock { $0 }
        let answer = try await transfer(operation, region)
        guard let right = S3Failure.regionNamed(in: answer), right != region else { return answer }
        let second = try await transfer(operation, right)
        if S3Failure.regionNamed(in: second) == nil { self.region.withLock { $0 = right } }
        return second
    }

    /// The error that an answer stands for.
    func failure(_ answer: HTTPResponse, _ operation: Operation) -> StoreError {
        S3Failure.error(answer, operation: operation, settings: settings, ourSeconds: now())
    }

    private func transfer(_ operation: Operation, _ region: String) async throws(StoreError) -> HTTPResponse {
        if Task.isCancelled { throw .cancelled(operation.subject) }
        do {
            return try await lane.send(request(for: operation, region))
        } catch {
            throw NetworkFailure.error(error, subject: operation.subject, settings: settings)
        }
    }

    private func request(for operation: Operation, _ region: String) -> HTTPRequest {
        let date = CivilTime(unixSeconds: now()).compact
        let host = settings.endpoint.authority(host(for: region))
        let path = path(of: operation.key)
        let hash = operation.digest.flatMap { Digest(bytes: $0) } ?? SHA256.digest(operation.body)
        var headers = operation.headers
        headers += [RequestField("x-amz-content-sha256", hash.hex), RequestField("x-amz-date", date)]
        if let token = accessKey.sessionToken { headers.append(RequestField("x-amz-security-token", token)) }
        let signed = SigningRequest(
            method: operation.method, path: path, query: operation.query,
            headers: headers + [RequestField("host", host)], payloadHash: hash.hex)
        let signer = RequestSigner(accessKeyID: accessKey.id, secret: accessKey.secret, region: region, service: .s3)
        headers.append(RequestField("Authorization", signer.authorization(for: signed, date: date)))
        let query = RequestSigner.canonicalQuery(operation.query)
        return HTTPRequest(
            method: operation.method,
            url: "\(settings.endpoint.scheme)://\(host)\(path)\(query.isEmpty ? "" : "?\(query)")",
            headers: headers, body: operation.body, largestBody: operation.largestBody)
    }

    /// On AWS a region has a host of its own.
    private func host(for region: String) -> String {
        var host = settings.endpoint.host
        if settings.endpoint.isAWS, region != settings.firstRegion || settings.region != nil {
            host = "s3.\(region).amazonaws.com"
        }
        return settings.usesVirtualHost ? "\(settings.bucket).\(host)" : host
    }

    private func path(of key: String?) -> String {
        let inside = key.map { "/\(PercentEncoding.encodePath($0))" } ?? ""
        let path = settings.usesVirtualHost ? inside : "/\(PercentEncoding.encode(settings.bucket))\(inside)"
        return path.isEmpty ? "/" : path
    }
}
