import Glibc
import ObjectStore
import Sealing

/// Where a private Redis is, and how it is configured. Its password lies in its configuration, which only its account and
/// root can read.
struct RedisScratchPlan: Sendable {
    let data: String
    let run: String
    let port: Int
    let account: SystemAccount?
    let isPaused: Bool
    let password = RedisScratchPlan.drawPassword()

    var socket: String { "\(run)/redis.sock" }
    var configuration: String { "\(run)/redis.conf" }
    var passwordFile: String { "\(run)/redis.password" }
    var log: String { "\(run)/redis.log" }

    func writeConfiguration() throws(SourceError) {
        for path in [data, run] where path.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) {
            throw SourceError(.invalidSetting, "a path that Redis cannot be told of", subject: path)
        }
        let text = """
            bind 127.0.0.1
            port \(port)
            unixsocket "\(socket)"
            unixsocketperm 700
            dir "\(data)"
            dbfilename \(RedisRestorer.dumpName)
            save ""
            appendonly no
            daemonize no
            replicaof no one
            min-replicas-to-write \(isPaused ? 1 : 0)
            requirepass \(password.withBytes { String(decoding: $0, as: UTF8.self) })

            """
        try SmallFile.writePrivate(configuration, Array(text.utf8), owner: account)
        try SmallFile.writePrivate(passwordFile, password.withBytes { Array($0) }, owner: account)
    }

    /// 32 hexadecimal digits.
    private static func drawPassword() -> SecretBytes {
        let digits = Array("0123456789abcdef".utf8)
        return SecretBytes(SecureRandom.bytes(32).map { digits[Int($0 & 15)] })
    }

    /// Blocks.
    func connect() throws(SourceError) -> RedisConnection {
        try RedisConnection(ServerAddress(socket: socket), user: nil, password: password, timeout: .seconds(600))
    }

    /// Does it answer, and is everything loaded?
    func isReady() async -> Bool {
        await BlockingLane(name: "redis", threadCount: 1).run {
            // Whatever hinders it, it is not ready; why it never gets there its log tells.
            guard let connection = try? connect(), let reply = try? connection.ask("PING") else { return false }
            return reply == .status("PONG")
        }
    }
}

/// A private Redis on a restored dump.
struct RedisScratch: ScratchServer {
    let server: PrivateServer
    let plan: RedisScratchPlan
    private let lane = BlockingLane(name: "redis", threadCount: 1)

    init(server: PrivateServer, plan: RedisScratchPlan) {
        self.server = server
        self.plan = plan
    }

    var processID: Int32 { server.processID }

    var howToConnect: [String] {
        var lines = ["REDISCLI_AUTH=$(cat \(plan.passwordFile)) redis-cli -s \(plan.socket)"]
        lines.append("on 127.0.0.1 port \(plan.port), with the password in \(plan.passwordFile)")
        if plan.isPaused {
            lines.append("it is a queue, so it is paused; `CONFIG SET min-replicas-to-write 0` lets it be written to")
        }
        return lines
    }

    func query(_ sql: String, database: String?) async throws -> [[String?]] {
        let words = try RedisCommandLine.words(sql)
        let reply = try await ask(words, database: database)
        if case .error(let message) = reply {
            throw SourceError(.checkFailed, "the server refuses: \(message)", subject: sql)
        }
        return reply.rows
    }

    func check() async throws -> [CheckOutcome] {
        let info = try await info()
        let keys = info.keyCounts.values.reduce(0, +)
        let databases = info.keyCounts.count
        return [
            CheckOutcome(name: "redis-server", isSound: true, message: "\(keys) keys in \(databases) databases loaded")
        ]
    }

    /// Keys of each database, in the order of its number: table `keys`. Keys that are due are gone, as Redis has it.
    func pins(like expected: [TablePin]) async throws -> [TablePin] {
        let counts = try await info().keyCounts
        return expected.map { pin in
            TablePin(
                database: pin.database, table: pin.table, rowCount: counts[pin.database] ?? 0, hash: "", method: "rows")
        }
    }

    func stop() async throws {
        // Without save points only SAVE brings to disk what was changed here, by erasures for example.
        let reply = try await ask(["INFO", "persistence"], database: nil)
        if RedisInfo(reply.text ?? "")["rdb_changes_since_last_save"] != "0" {
            let saved = try await ask(["SAVE"], database: nil)
            if case .error(let message) = saved {
                throw SourceError(.failed, "the server cannot save: \(message)", subject: plan.data)
            }
        }
        try await server.stop()
    }

    private func info() async throws -> RedisInfo {
        RedisInfo(try await ask(["INFO", "keyspace"], database: nil).text ?? "")
    }

    private func ask(_ words: [String], database: String?) async throws -> RedisReply {
        let plan = plan
        return try await lane.run { () throws(SourceError) in
            let connection = try plan.connect()
            if let database, case .error(let message) = try connection.ask("SELECT", database) {
                throw SourceError(.checkFailed, "the server refuses: \(message)", subject: "database \(database)")
            }
            try connection.send(words.map { Array($0.utf8) })
            return try connection.reply()
        }
    }
}

/// A command as people type it: words, with quotes around those that hold spaces.
enum RedisCommandLine {
    static func words(_ text: String) throws(SourceError) -> [String] {
        var words = [String]()
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let done = word { words.append(done) }
        guard quote == nil, !words.isEmpty else {
            throw SourceError(.invalidSetting, "this is no command", subject: text)
        }
        return words
    }
}
