import Synchronization

/// Deleting: one by one, or up to a thousand with one request where the server can.
extension S3Store {
    private static let batchSize = 1000
    private static let width = 8

    public func delete(_ names: [String]) async throws(StoreError) {
        for name in names { _ = try operation("DELETE", name) }
        guard names.count > 1 else {
            if let name = names.first { try await deleteOne(name) }
            return
        }
        var first: StoreError?
        for start in stride(from: 0, to: names.count, by: S3Store.batchSize) {
            do {
                try await deleteSome(Array(names[start..<min(start + S3Store.batchSize, names.count)]))
            } catch {
                if error.code == .cancelled { throw error }
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    private func deleteSome(_ names: [String]) async throws(StoreError) {
        // XML 1.0 has no way to write most control characters.
        let plain = names.filter { $0.utf8.allSatisfy { $0 >= 0x20 } }
        let odd = names.filter { !$0.utf8.allSatisfy { $0 >= 0x20 } }
        guard deletesInBatches.load(ordering: .relaxed), plain.count > 1 else { return try await deleteEach(names) }
        let body = Array(S3Store.document(plain.map { keyPrefix + $0 }).utf8)
        var operation = S3Connection.Operation(method: "POST", key: nil, subject: location)
        operation.query = [RequestField("delete", "")]
        operation.body = body[...]
        operation.headers = [
            RequestField("Content-MD5", Base64.encode(MessageDigest5.digest(body))),
            RequestField("Content-Type", "application/xml"),
        ]
        let answer = try await connection.send(operation)
        switch answer.status {
        case 200: try report(answer.body)
        case 400, 405, 411, 501:
            // Not every server has this request. The single ones show whether it is that or something graver.
            try await deleteEach(plain)
            deletesInBatches.store(false, ordering: .relaxed)
        default: throw connection.failure(answer, operation)
        }
        if !odd.isEmpty { try await deleteEach(odd) }
    }

    private func deleteOne(_ name: String) async throws(StoreError) {
        let operation = try operation("DELETE", name)
        let answer = try await connection.send(operation)
        if (200..<300).contains(answer.status) { return }
        let failure = connection.failure(answer, operation)
        if failure.code != .notFound { throw failure }
    }

    private func deleteEach(_ names: [String]) async throws(StoreError) {
        let results = await withTaskGroup(of: Result<Void, StoreError>.self) { group in
            for worker in 0..<min(S3Store.width, names.count) {
                group.addTask { await self.deleteShare(names, from: worker) }
            }
            return await group.reduce(into: [Result<Void, StoreError>]()) { $0.append($1) }
        }
        for result in results { try result.get() }
    }

    /// Every eighth name, going on after a failure.
    private func deleteShare(_ names: [String], from start: Int) async -> Result<Void, StoreError> {
        var first = Result<Void, StoreError>.success(())
        for index in stride(from: start, to: names.count, by: S3Store.width) {
            do {
                try await deleteOne(names[index])
            } catch {
                if case .success = first { first = .failure(error) }
                if error.code == .cancelled { return .failure(error) }
            }
        }
        return first
    }

    /// Throws the first failure that the answer to a batch names.
    private func report(_ body: [UInt8]) throws(StoreError) {
        let answer: XMLAnswer
        do {
            answer = try XMLAnswer(body, root: "DeleteResult", record: "Error")
        } catch {
            throw StoreError(
                .corrupt, "the answer to a deletion is not the XML that S3 sends", subject: location, cause: error)
        }
        for record in answer.records where record["Code"] != "NoSuchKey" {
            let code = record["Code"] ?? ""
            let status = ["AccessDenied": 403, "InternalError": 500, "ServiceUnavailable": 503][code] ?? 400
            let key = record["Key"] ?? ""
            throw S3Failure.error(
                code: code, status: status, message: record["Message"] ?? "", retryAfter: nil,
                subject:
                    "\(location)/\(key.utf8.starts(with: keyPrefix.utf8) ? String(key.dropFirst(keyPrefix.count)) : key)",
                settings: connection.settings)
        }
    }

    /// The body of a batch deletion that only reports failures.
    private static func document(_ keys: [String]) -> String {
        var text =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for key in keys {
            text += "<Object><Key>"
            for scalar in key.unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                default: text.unicodeScalars.append(scalar)
                }
            }
            text += "</Key></Object>"
        }
        return text + "<Quiet>true</Quiet></Delete>"
    }
}
