/// Asks for and reads a page of ListObjectsV2.
struct S3Listing {
    /// A thousand keys of 1024 bytes, each percent-encoded, with room for what stands around them.
    static let largestAnswer = 16 << 20
    /// Pages without an object that are passed over; a bucket full of foreign keys may have some.
    static let mostEmptyPages = 1000

    let keyPrefix: String
    let prefix: String
    let after: String?
    let location: String

    func query(limit: Int, token: String?) -> [RequestField] {
        var query = [
            RequestField("list-type", "2"), RequestField("encoding-type", "url"),
            RequestField("max-keys", String(limit)),
        ]
        if !(keyPrefix + prefix).isEmpty { query.append(RequestField("prefix", keyPrefix + prefix)) }
        if let token {
            query.append(RequestField("continuation-token", token))
        } else if let after, !after.isEmpty {
            query.append(RequestField("start-after", keyPrefix + after))
        }
        return query
    }

    /// Reads an answer. Keys that cannot be names of ours (`folder/`, `a//b`) are passed over; keys that were not asked for
    /// are refused.
    func read(_ body: [UInt8]) throws(StoreError) -> (page: ListPage, token: String?) {
        let answer: XMLAnswer
        do {
            answer = try XMLAnswer(body, root: "ListBucketResult", record: "Contents")
        } catch {
            throw corrupt("the listing is not the XML that S3 sends (at byte \(error.offset))", cause: error)
        }
        let isEncoded = answer.fields["EncodingType"] == "url"
        var objects = [ObjectInfo]()
        var last: String?
        for record in answer.records {
            guard let sent = record["Key"], let key = isEncoded ? PercentEncoding.decode(sent) : sent,
                let size = record["Size"].flatMap({ UInt64($0) })
            else { throw corrupt("the listing has an entry without a name or size") }
            guard ObjectName.begins(key, with: keyPrefix + prefix) else {
                throw corrupt("the listing has the key \(key.debugDescription), which was not asked for")
            }
            let name = String(decoding: key.utf8.dropFirst(keyPrefix.utf8.count), as: UTF8.self)
            if let previous = last ?? after, !ObjectName.precedes(previous, name), last != nil || !name.isEmpty {
                throw corrupt("the listing is not in order at the key \(key.debugDescription)")
            }
            last = name
            if ObjectName.isValid(name) { objects.append(ObjectInfo(name: name, byteCount: size)) }
        }
        let hasMore = answer.fields["IsTruncated"] == "true"
        let token = answer.fields["NextContinuationToken"]
        if hasMore, objects.isEmpty, token == nil { throw corrupt("the listing is cut and does not say how to go on") }
        return (ListPage(objects: objects, hasMore: hasMore), token)
    }

    private func corrupt(_ what: String, cause: (any Error)? = nil) -> StoreError {
        StoreError(.corrupt, what, subject: location, hint: "is this the address of an S3 server?", cause: cause)
    }
}
