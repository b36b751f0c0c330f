import Synchronization

/// Objects in a bucket of an S3-compatible server, below a prefix.
///
/// Each request is signed with the hash of what is sent, so a server that checks it stores what we meant or nothing. Bodies go
/// out straight from the caller's buffer. An object is one PUT, so it may have 5 GiB at most on AWS.
public final class S3Store: ObjectStore {
    /// The most that one `get` gives. A larger object is read in ranges.
    static let largestRead = 4 << 30
    /// S3's own limit on a key.
    private static let largestKey = 1024

    public let location: String
    let connection: S3Connection
    let keyPrefix: String
    /// False once the server has refused a batch deletion.
    let deletesInBatches = Atomic<Bool>(true)

    /// A store in a bucket that exists. `now` gives the time in seconds since 1970, for signatures.
    public init(settings: S3Settings, accessKey: AccessKey, now: @escaping @Sendable () -> Int64) {
        connection = S3Connection(settings: settings, accessKey: accessKey, now: now)
        location = connection.location
        keyPrefix = settings.prefix.isEmpty ? "" : settings.prefix + "/"
    }

    public func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        var operation = try operation("PUT", name)
        operation.body = bytes
        operation.digest = digest
        if condition == .ifAbsent { operation.headers.append(RequestField("If-None-Match", "*")) }
        let answer = try await connection.send(operation)
        switch answer.status {
        case 200..<300: return
        case 412: throw .alreadyExists(name, in: location)
        case 501 where condition == .ifAbsent:
            throw StoreError(
                .failed, "the server cannot write on condition that an object is absent", subject: operation.subject,
                hint: "run `lifeboat store probe` to see what this server can do")
        default: throw connection.failure(answer, operation)
        }
    }

    public func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        var operation = try operation("GET", name)
        operation.largestBody = S3Store.largestRead
        guard let range else {
            let answer = try await connection.send(operation)
            guard answer.status == 200 else { throw connection.failure(answer, operation) }
            return try whole(answer, operation)
        }
        if range.isEmpty { return [] }
        operation.headers.append(RequestField("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
        operation.largestBody = Int(clamping: min(range.upperBound - range.lowerBound, UInt64(S3Store.largestRead)))
        let answer = try await connection.send(operation)
        switch answer.status {
        case 206: return try part(answer, range, operation)
        case 200 where answer.header("content-range") != nil: return try part(answer, range, operation)
        case 200 where range.lowerBound == 0: return try whole(answer, operation)  // it fits, or it would be too large
        case 416: throw .invalidRange(range, name, byteCount: nil, in: location)
        case 200..<300:
            throw StoreError(
                .corrupt, "the server ignored that a range was asked for", subject: operation.subject,
                hint: "is there a proxy between us and the store?")
        default: throw connection.failure(answer, operation)
        }
    }

    public func head(_ name: String) async throws(StoreError) -> ObjectInfo {
        let answer = try await connection.send(try operation("HEAD", name))
        if answer.status == 200, let count = answer.header("content-length").flatMap({ UInt64($0) }) {
            return ObjectInfo(name: name, byteCount: count)
        }
        // The answer to HEAD has no body that says why. Reading a byte has.
        var operation = try operation("GET", name)
        operation.headers.append(RequestField("Range", "bytes=0-0"))
        let reason = try await connection.send(operation)
        if reason.status == 206, let total = ContentRange(reason)?.byteCount {
            return ObjectInfo(name: name, byteCount: total)
        }
        throw connection.failure(reason, operation)
    }

    public func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        precondition((1...1000).contains(limit), "a page has 1 to 1000 objects")
        let listing = S3Listing(keyPrefix: keyPrefix, prefix: prefix, after: after, location: location)
        var token: String?
        for _ in 0..<S3Listing.mostEmptyPages {
            var operation = S3Connection.Operation(method: "GET", key: nil, subject: location)
            operation.query = listing.query(limit: limit, token: token)
            operation.largestBody = S3Listing.largestAnswer
            let answer = try await connection.send(operation)
            guard answer.status == 200 else { throw connection.failure(answer, operation) }
            let found = try listing.read(answer.body)
            if !found.page.objects.isEmpty || !found.page.hasMore { return found.page }
            token = found.token
        }
        throw StoreError(.corrupt, "the server lists page after page without an object", subject: location)
    }

    func operation(_ method: String, _ name: String) throws(StoreError) -> S3Connection.Operation {
        try ObjectName.validate(name, in: location)
        let key = keyPrefix + name
        guard key.utf8.count <= S3Store.largestKey else {
            throw StoreError(
                .invalidName, "with its prefix the name has \(key.utf8.count) of at most \(S3Store.largestKey) bytes",
                subject: "\(location)/\(name)", hint: "shorten the prefix")
        }
        return S3Connection.Operation(method: method, key: key, subject: "\(location)/\(name)")
    }

    /// Makes sure that a whole object is all there.
    private func whole(_ answer: HTTPResponse, _ operation: S3Connection.Operation) throws(StoreError) -> [UInt8] {
        if let length = answer.header("content-length") {
            guard Int(length) == answer.body.count else {
                throw cut("\(answer.body.count) of \(length) bytes arrived", operation)
            }
        } else if answer.header("transfer-encoding")?.lowercased() != "chunked" {
            throw cut("the server did not say how much it sends", operation)
        }
        return answer.body
    }

    /// Makes sure that the bytes are those asked for.
    private func part(
        _ answer: HTTPResponse, _ range: Range<UInt64>, _ operation: S3Connection.Operation
    ) throws(StoreError) -> [UInt8] {
        guard let sent = ContentRange(answer) else {
            throw cut("the server did not say which bytes it sends", operation)
        }
        let expected = range.lowerBound..<min(range.upperBound, sent.byteCount ?? range.upperBound)
        guard sent.range == expected, UInt64(answer.body.count) == expected.upperBound - expected.lowerBound else {
            throw cut(
                "bytes \(range.lowerBound)..<\(range.upperBound) were asked for, \(answer.body.count) bytes of "
                    + "\(sent.range.lowerBound)..<\(sent.range.upperBound) arrived", operation)
        }
        return answer.body
    }

    private func cut(_ what: String, _ operation: S3Connection.Operation) -> StoreError {
        StoreError(.corrupt, what, subject: operation.subject, isTransient: true)
    }
}

/// The header `Content-Range: bytes 0-9/100` (RFC 9110 14.4).
struct ContentRange {
    let range: Range<UInt64>
    /// The size of the whole object, when it is told.
    let byteCount: UInt64?

    init?(_ answer: HTTPResponse) {
        guard let text = answer.header("content-range"), text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        let ends = (parts.first ?? "").split(separator: "-").compactMap { UInt64($0) }
        guard parts.count == 2, ends.count == 2, ends[0] <= ends[1], ends[1] < .max else { return nil }
        range = ends[0]..<ends[1] + 1
        byteCount = UInt64(parts[1])
        if let byteCount, byteCount < range.upperBound { return nil }
    }
}
