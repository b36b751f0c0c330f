import Chunking
import Glibc
import Synchronization
import Trees

/// The dump of a running Redis as a stream: the server is asked as a replica asks, and sends what a replica is sent first.
///
/// The server forks and writes the state of that moment, straight to us where it can (`repl-diskless-sync`).
final class RedisDump: StreamSource {
    /// What is known when all has come.
    struct Outcome: Sendable {
        var position = SourcePosition()
        /// Wall time before the request, or the server's own time of the dump when that is earlier.
        var from: Timestamp
        /// Wall time when the server began to send.
        var to: Timestamp
        var byteCount: UInt64 = 0
        var warnings: [String] = []
    }

    private static let markByteCount = 40

    private let connection: RedisConnection
    private let name: String
    private let user: String?
    private let version: RedisVersion
    private let environment: SourceEnvironment
    private let state = Mutex<(outcome: Outcome?, failure: SourceError?)>((nil, nil))

    init(
        _ connection: RedisConnection, name: String, user: String?, version: RedisVersion,
        environment: SourceEnvironment
    ) {
        self.connection = connection
        self.name = name
        self.user = user
        self.version = version
        self.environment = environment
    }

    var outcome: Outcome? { state.withLock { $0.outcome } }
    /// Why there is none, when the reason is ours.
    var failure: SourceError? { state.withLock { $0.failure } }

    /// Ends a transfer from another thread.
    func cancel() { connection.link.shutDown() }

    func stream(into sink: any StreamSink) throws {
        do {
            let outcome = try transfer(into: sink)
            try writeInstructions(outcome, into: sink)
            state.withLock { $0.outcome = outcome }
        } catch let error as SourceError {
            state.withLock { $0.failure = error }
            throw error
        }
    }

    private func transfer(into sink: any StreamSink) throws -> Outcome {
        var outcome = Outcome(from: environment.now(), to: environment.now())
        try configure()
        try connection.send(["PSYNC", "?", "-1"].map { Array($0.utf8) })
        outcome.position = try readPosition(try lineAfterPings())
        outcome.to = environment.now()
        let length = try readLength(try lineAfterPings())
        let metadata = Metadata(kind: .file, permissions: 0o600, modified: outcome.to)
        let file = try sink.file([Array(name.utf8), Array("dump.rdb".utf8)], metadata, chunking: .files)
        var check = RDBCheck()
        switch length {
        case .count(let count): try copy(count, into: file, &check)
        case .mark(let mark): try copy(until: mark, into: file, &check)
        }
        if let flaw = check.flaw() {
            throw SourceError(
                .malformedStream, "what the server sent is no dump: \(flaw)", subject: connection.link.subject)
        }
        try file.finish()
        outcome.byteCount = check.byteCount
        compare(check.notes, &outcome)
        return outcome
    }

    /// Says that we can take a dump of unknown length, and want nothing but the dump. Servers before 7.0 do not know the latter
    /// and then expect us to go when we have it.
    private func configure() throws {
        for words in [["capa", "eof", "capa", "psync2"], ["rdb-only", "1"]] {
            try connection.send((["REPLCONF"] + words).map { Array($0.utf8) })
            guard case .error(let message) = try connection.reply() else { continue }
            if message.hasPrefix("NOPERM") || words[0] == "capa" {
                throw RedisFailure.of(message, user: user, subject: connection.link.subject)
            }
        }
    }

    /// While the server prepares the dump it sends empty lines, so that the link is seen to live.
    private func lineAfterPings() throws -> String {
        while true {
            let line = try connection.line()
            if !line.isEmpty { return line }
        }
    }

    private func readPosition(_ line: String) throws -> SourcePosition {
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "+FULLRESYNC", words[1].utf8.count == 40, let offset = UInt64(words[2])
        else {
            if line.hasPrefix("-") {
                throw RedisFailure.of(String(line.dropFirst()), user: user, subject: connection.link.subject)
            }
            throw malformed("its answer to PSYNC is \(line.prefix(80).debugDescription)")
        }
        var position = SourcePosition()
        position.replicationID = String(words[1])
        position.replicationOffset = offset
        return position
    }

    private enum Length {
        case count(UInt64)
        case mark([UInt8])
    }

    private func readLength(_ line: String) throws -> Length {
        let mark = Array(line.utf8.dropFirst(5))
        if line.hasPrefix("$EOF:"), mark.count == RedisDump.markByteCount { return .mark(mark) }
        if line.hasPrefix("-") {
            throw RedisFailure.of(String(line.dropFirst()), user: user, subject: connection.link.subject)
        }
        guard line.hasPrefix("$"), let count = UInt64(line.dropFirst()) else {
            throw malformed("the dump begins with \(line.prefix(80).debugDescription)")
        }
        return .count(count)
    }

    private func copy(_ count: UInt64, into file: any StreamFile, _ check: inout RDBCheck) throws {
        var left = count
        while left > 0 {
            left -= try connection.some(upTo: Int(clamping: left)) { bytes in
                guard !bytes.isEmpty else { throw early(check.byteCount) }
                check.take(bytes)
                try file.write(bytes)
                return UInt64(bytes.count)
            }
        }
    }

    /// Holds back as many bytes as the mark has, since they may be the mark.
    private func copy(until mark: [UInt8], into file: any StreamFile, _ check: inout RDBCheck) throws {
        var held = [UInt8]()
        while held != mark {
            try connection.some(upTo: .max) { bytes in
                guard !bytes.isEmpty else { throw early(check.byteCount) }
                held += bytes
            }
            let certain = max(0, held.count - mark.count)
            try held.withUnsafeBytes { bytes in
                let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<certain])
                check.take(bytes)
                try file.write(bytes)
            }
            held.removeFirst(certain)
        }
    }

    /// The dump says itself when it was made; both must agree.
    private func compare(_ notes: [String: String], _ outcome: inout Outcome) {
        // Whole seconds: a dump of another replica that was under way already is older than our request.
        if let seconds = notes["ctime"].flatMap({ Int64($0) }), seconds < outcome.from.seconds {
            outcome.from = Timestamp(seconds: seconds)
        }
        guard let id = notes["repl-id"], let offset = notes["repl-offset"].flatMap({ UInt64($0) }) else { return }
        if id != outcome.position.replicationID || offset != outcome.position.replicationOffset {
            outcome.warnings.append("the dump says that it is at \(id):\(offset), the server said otherwise")
        }
    }

    private func writeInstructions(_ outcome: Outcome, into sink: any StreamSink) throws {
        let text = RedisInstructions.text(
            name: name,
            version: version.text, position: outcome.position, time: outcome.to.rfc3339, byteCount: outcome.byteCount)
        try sink.file(
            [Array(name.utf8), Array("RESTORE.md".utf8)],
            Metadata(kind: .file, permissions: 0o644, modified: outcome.to), holding: Array(text.utf8))
    }

    private func early(_ byteCount: UInt64) -> SourceError {
        SourceError(
            .toolFailed, "the server closed the connection within its dump, after \(byteCount) bytes",
            subject: connection.link.subject,
            hint: "look at the server's log: out of memory, no space, or client-output-buffer-limit replica")
    }

    private func malformed(_ what: String) -> SourceError {
        SourceError(.malformedStream, "this is not what a Redis server says: \(what)", subject: connection.link.subject)
    }
}
