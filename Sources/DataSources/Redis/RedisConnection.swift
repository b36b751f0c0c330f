import Sealing

/// A connection to a Redis server. Calls block.
///
/// Unchecked: it is handed from thread to thread, and used by one at a time. `link` may be shut down by any.
final class RedisConnection: @unchecked Sendable {
    static let defaultPort = 6379
    private static let largestLine = 64 << 10
    private static let largestBulk = 64 << 20
    private static let largestArray = 1 << 20
    private static let deepest = 8

    let link: SocketLink
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var used = 0..<0

    /// Connects and proves who we are.
    ///
    /// - Throws: `serverUnreachable`, `timedOut`, `accessDenied`.
    init(
        _ address: ServerAddress, user: String?, password: SecretBytes?, timeout: Duration = .seconds(60)
    ) throws(SourceError) {
        link = try SocketLink(address, defaultPort: RedisConnection.defaultPort, timeout: timeout)
        guard let password else { return }
        var arguments = [Array("AUTH".utf8)]
        if let user { arguments.append(Array(user.utf8)) }
        arguments.append(password.withBytes { Array($0) })
        try send(arguments)
        if case .error(let message) = try reply() { throw RedisFailure.of(message, user: user, subject: link.subject) }
    }

    /// Sends a command and gives the answer, also when that is an error.
    func ask(_ words: String...) throws(SourceError) -> RedisReply {
        try send(words.map { Array($0.utf8) })
        return try reply()
    }

    /// Sends a command without waiting for the answer.
    func send(_ words: [[UInt8]]) throws(SourceError) {
        try send(raw: RedisConnection.encode(words))
    }

    /// Sends several commands in one piece.
    func send(raw bytes: [UInt8]) throws(SourceError) {
        let result = bytes.withUnsafeBytes { bytes in Result { () throws(SourceError) in try link.send(bytes) } }
        try result.get()
    }

    /// A command as an array of bulk strings.
    static func encode(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
        return bytes
    }

    /// The next reply.
    func reply() throws(SourceError) -> RedisReply { try reply(depth: 0) }

    private func reply(depth: Int) throws(SourceError) -> RedisReply {
        let line = try line()
        let rest = line.dropFirst()
        switch line.first {
        case "+": return .status(String(rest))
        case "-": return .error(String(rest))
        case ":":
            guard let number = Int64(rest) else { throw malformed("a number is \(line)") }
            return .integer(number)
        case "$":
            guard let count = Int(rest), (-1...RedisConnection.largestBulk).contains(count) else {
                throw malformed("a length is \(line)")
            }
            if count < 0 { return .bulk(nil) }
            let bytes = try take(count + 2)
            return .bulk(Array(bytes.dropLast(2)))
        case "*":
            guard let count = Int(rest), (-1...RedisConnection.largestArray).contains(count),
                depth < RedisConnection.deepest
            else { throw malformed("an array is \(line)") }
            if count < 0 { return .array(nil) }
            var elements = [RedisReply]()
            for _ in 0..<count { elements.append(try reply(depth: depth + 1)) }
            return .array(elements)
        default: throw malformed("an answer begins with \(line.prefix(40).debugDescription)")
        }
    }

    /// The next line, without its end.
    func line() throws(SourceError) -> String {
        var line = [UInt8]()
        while true {
            let byte = try take(1)[0]
            if byte == 0x0A {
                if line.last == 0x0D { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            line.append(byte)
            guard line.count <= RedisConnection.largestLine else { throw malformed("a line has no end") }
        }
    }

    /// Some of the next bytes, at most `limit`; empty at the end of the connection. Given to `body` in place.
    func some<R>(upTo limit: Int, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        if used.isEmpty { try fill() }
        let range = used.prefix(limit)
        used = range.upperBound..<used.upperBound
        return try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    private func take(_ count: Int) throws(SourceError) -> [UInt8] {
        var bytes = [UInt8]()
        while bytes.count < count {
            if used.isEmpty {
                try fill()
                guard !used.isEmpty else {
                    throw SourceError(.serverUnreachable, "the server closed the connection", subject: link.subject)
                }
            }
            let range = used.prefix(count - bytes.count)
            bytes += buffer[range]
            used = range.upperBound..<used.upperBound
        }
        return bytes
    }

    private func fill() throws(SourceError) {
        let result = buffer.withUnsafeMutableBytes { buffer in
            Result { () throws(SourceError) in try link.receive(into: buffer) }
        }
        used = 0..<(try result.get())
    }

    private func malformed(_ what: String) -> SourceError {
        SourceError(
            .malformedStream, "this is not what a Redis server says: \(what)", subject: link.subject,
            hint: "is it a Redis server, without TLS?")
    }
}

/// Turns what a Redis server refuses into a `SourceError`.
enum RedisFailure {
    /// What a backup asks of an account.
    static let commands = ["psync", "replconf", "ping", "info"]

    /// The statement that makes an account which can do no more than that.
    static func accountStatement(_ user: String?) -> String {
        "ACL SETUSER \(user ?? "lifeboat") on >PASSWORD -@all " + commands.map { "+\($0)" }.joined(separator: " ")
    }

    /// The statement that gives one command.
    static func grant(_ command: String, to user: String?) -> String { "ACL SETUSER \(user ?? "default") +\(command)" }

    static func of(_ message: String, user: String?, subject: String) -> SourceError {
        let word = message.prefix { $0 != " " }
        switch word {
        case "NOAUTH", "WRONGPASS":
            return SourceError(
                .accessDenied, "the server refuses the account \(user ?? "default"): \(message)", subject: subject,
                hint: "check user and password; an account of its own is made by `\(accountStatement(user))`")
        case "NOPERM":
            let command = commands.first { message.contains("'\($0)'") || message.contains("'\($0)|") }
            return SourceError(
                .accessDenied, "the account \(user ?? "default") lacks a permission: \(message)", subject: subject,
                hint: command.map { "run `\(grant($0, to: user))`" } ?? "run `\(accountStatement(user))`")
        case "LOADING":
            return SourceError(
                .serverUnreachable, "the server is still loading its data", subject: subject, hint: "try again later")
        case "NOMASTERLINK", "MASTERDOWN":
            return SourceError(
                .serverUnreachable, "the server is a replica that has lost its primary, so its data is old",
                subject: subject, hint: "mend the replication, or back up the primary")
        default:
            return SourceError(.failed, "the server refuses: \(message)", subject: subject)
        }
    }
}
