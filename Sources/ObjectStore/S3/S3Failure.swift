/// Turns what an S3 server answers into a `StoreError`.
enum S3Failure {
    /// Signatures are valid for a quarter of an hour.
    private static let largestSkewSeconds: Int64 = 15 * 60

    /// The region that an answer tells us to use instead; nil when it does not.
    static func regionNamed(in answer: HTTPResponse) -> String? {
        guard (300..<500).contains(answer.status) else { return nil }
        let fields = (try? XMLAnswer(answer.body, root: "Error", record: ""))?.fields ?? [:]
        let code = fields["Code"] ?? ""
        let isAboutRegion = ["AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"].contains(code)
        guard let region = answer.header("x-amz-bucket-region") ?? (isAboutRegion ? fields["Region"] : nil),
            isAboutRegion || answer.status == 301 || (answer.status == 400 && answer.body.isEmpty)
        else { return nil }
        let isPlain = region.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d
        }
        return isPlain && (1...64).contains(region.utf8.count) ? region : nil
    }

    static func error(
        _ answer: HTTPResponse, operation: S3Connection.Operation, settings: S3Settings, ourSeconds: Int64
    ) -> StoreError {
        // An answer that is no XML says nothing more than its status does.
        let fields = (try? XMLAnswer(answer.body, root: "Error", record: ""))?.fields ?? [:]
        let code = fields["Code"] ?? ""
        if let skew = skew(answer, ourSeconds), code == "RequestTimeTooSkewed" || skew.magnitude > largestSkewSeconds {
            return skewed(skew, operation.subject)
        }
        return error(
            code: code, status: answer.status, message: printable(fields["Message"] ?? ""),
            retryAfter: wait(answer, ourSeconds),
            subject: operation.subject, settings: settings)
    }

    /// The error for a code of S3, an HTTP status and what the server said.
    static func error(
        code: String, status: Int, message: String, retryAfter: Duration?, subject: String, settings: S3Settings
    ) -> StoreError {
        if let known = byCode(code, subject: subject, settings: settings) { return known }
        let said = [code, message].filter { !$0.isEmpty }.joined(separator: ", ")
        let what = "the server answered \(status)\(said.isEmpty ? "" : " (\(said))")"
        switch status {
        case 429, 503:
            return StoreError(
                .throttled, "the server asks for fewer requests: \(what)", subject: subject, isTransient: true,
                retryAfter: retryAfter)
        case 507:
            return StoreError(.noSpace, "the store is full: \(what)", subject: subject, hint: "make room in the store")
        case 408, 500, 502...599:
            return StoreError(
                .unreachable, what, subject: subject, isTransient: true, retryAfter: retryAfter)
        case 401, 403:
            return StoreError(
                .accessDenied, "the server denies this: \(what)", subject: subject,
                hint: "allow this key to list, read, write and, below locks/, delete (`lifeboat store policy`)")
        case 404: return StoreError(.notFound, "there is no such object", subject: subject)
        case 412: return StoreError(.alreadyExists, "an object of that name is there already", subject: subject)
        case 416: return StoreError(.invalidRange, "the range begins beyond the end of the object", subject: subject)
        case 300..<400:
            return StoreError(
                .invalidConfiguration, "\(what), so the bucket is served elsewhere", subject: subject,
                hint: "give the region or the endpoint of the bucket")
        default:
            return StoreError(
                .failed, what, subject: subject, hint: code.isEmpty ? "is this the address of an S3 server?" : "")
        }
    }

    private static func byCode(_ code: String, subject: String, settings: S3Settings) -> StoreError? {
        switch code {
        case "NoSuchBucket":
            StoreError(
                .storeMissing, "there is no bucket \(settings.bucket)", subject: subject,
                hint: "create the bucket, or correct its name in the address")
        case "InvalidAccessKeyId":
            StoreError(
                .credentialsRefused, "the server does not know the access key", subject: subject,
                hint: "check AWS_ACCESS_KEY_ID or the profile; the key may have been revoked")
        case "SignatureDoesNotMatch":
            StoreError(
                .credentialsRefused, "the server finds the signature wrong, so the secret key is not the right one",
                subject: subject, hint: "check AWS_SECRET_ACCESS_KEY or the profile")
        case "InvalidToken", "ExpiredToken", "TokenRefreshRequired":
            StoreError(
                .credentialsRefused, "the session token is not valid or has expired", subject: subject,
                hint: "get new temporary credentials, or use a long-lived key")
        case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage":
            StoreError(.noSpace, "the store is full or its quota is used up", subject: subject, hint: "raise the quota")
        case "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest":
            StoreError(
                .corrupt, "the server received other bytes than were sent", subject: subject,
                hint: "if this repeats, test this machine's memory and network", isTransient: true)
        case "RequestTimeout", "IncompleteBody":
            StoreError(
                .unreachable, "the server did not receive the whole request in time", subject: subject,
                isTransient: true)
        case "KeyTooLongError":
            StoreError(.invalidName, "the server finds the name too long", subject: subject, hint: "shorten the prefix")
        case "ConditionalRequestConflict", "OperationAborted":
            StoreError(
                .unreachable, "another request to the same object was under way", subject: subject, isTransient: true)
        case "SlowDown", "Throttling", "TooManyRequests", "RequestLimitExceeded":
            StoreError(.throttled, "the server asks for fewer requests (\(code))", subject: subject, isTransient: true)
        default: nil
        }
    }

    private static func skew(_ answer: HTTPResponse, _ ourSeconds: Int64) -> Int64? {
        guard [400, 403].contains(answer.status) else { return nil }
        return answer.header("date").flatMap { CivilTime(httpDate: $0) }.map { ourSeconds - $0.unixSeconds }
    }

    private static func skewed(_ skew: Int64, _ subject: String) -> StoreError {
        StoreError(
            .clockSkewed,
            "this machine's clock is \(skew.magnitude) seconds \(skew < 0 ? "behind" : "ahead of") the server's",
            subject: subject, hint: "set the clock (timedatectl set-ntp true) and try again")
    }

    private static func wait(_ answer: HTTPResponse, _ ourSeconds: Int64) -> Duration? {
        guard let text = answer.header("retry-after") else { return nil }
        let seconds = Int64(text) ?? CivilTime(httpDate: text).map { $0.unixSeconds - ourSeconds }
        return seconds.map { .seconds(min(max($0, 0), 3600)) }
    }

    /// Words of the server, made safe for a terminal.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(200).map(Character.init))
    }
}
