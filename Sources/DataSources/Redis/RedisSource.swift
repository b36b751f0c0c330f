import ObjectStore
import Sealing
import Trees

/// A Redis server, read as a replica reads it: one dump, of one moment, over the link.
public struct RedisSource: DataSource {
    public let name: String
    public let kind = SourceKind.redis
    let settings: RedisSettings
    let environment: SourceEnvironment
    let lane = BlockingLane(name: "redis", threadCount: 1)

    /// Names a server.
    public init(name: String, settings: RedisSettings, environment: SourceEnvironment) {
        self.name = name
        self.settings = settings
        self.environment = environment
    }

    /// Opens a connection; the password is asked for each time.
    func connect(timeout: Duration = .seconds(60)) async throws -> RedisConnection {
        let password = try await settings.password?()
        let (server, user) = (settings.server, settings.user)
        return try await lane.run { () throws(SourceError) in
            try RedisConnection(server, user: user, password: password, timeout: timeout)
        }
    }

    public func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading
    {
        guard settings.role != .cache else {
            throw SourceError(
                .invalidSetting, "a cache is not backed up", subject: name,
                hint: "take it out of the plan, or give it the role sessions, queue or store")
        }
        let connection = try await connect()
        let user = settings.user
        let info = try await lane.run { () throws(SourceError) in
            try RedisSource.info(connection, user: user)
        }
        let warnings = try RedisSource.refuse(info, name, acceptsUntested: environment.acceptsUntested)
        let dump = RedisDump(connection, name: name, user: user, version: info.version, environment: environment)
        do {
            try await withTaskCancellationHandler {
                try await archive(.stream(dump))
            } onCancel: {
                dump.cancel()
            }
        } catch {
            throw dump.failure ?? error
        }
        guard let outcome = dump.outcome else {
            throw SourceError(.failed, "the dump was not read to its end", subject: name)
        }
        var reading = SourceReading(
            method: "replication", position: outcome.position, consistentFrom: outcome.from.rfc3339,
            consistentTo: outcome.to.rfc3339)
        reading.serverVersion = info.version.text
        reading.warnings = warnings + outcome.warnings
        return reading
    }

    static func info(_ connection: RedisConnection, user: String?) throws(SourceError) -> RedisInfo {
        let reply = try connection.ask("INFO")
        if case .error(let message) = reply {
            throw RedisFailure.of(message, user: user, subject: connection.link.subject)
        }
        guard let text = reply.text else {
            throw SourceError(
                .malformedStream, "the server gives no text for INFO", subject: connection.link.subject)
        }
        return RedisInfo(text)
    }

    /// Throws when the server is in no state to be read; gives warnings.
    static func refuse(
        _ info: RedisInfo, _ name: String, acceptsUntested: Bool
    ) throws(SourceError) -> [String] {
        if info["loading"] == "1" { throw RedisFailure.of("LOADING", user: nil, subject: name) }
        if info["master_link_status"] == "down" { throw RedisFailure.of("MASTERDOWN", user: nil, subject: name) }
        let version = info.version
        switch version.support {
        case .supported: return []
        case .expected: return ["Redis \(version.text) was not tried by the makers of this program; 7.0 was"]
        case .unknown where acceptsUntested: return ["Redis \(version.text) was never tried"]
        case .unknown:
            throw SourceError(
                .versionUnsupported, "Redis \(version.text) was never tried with this program", subject: name,
                hint: "see docs/versions.md; --accept-untested goes on all the same")
        }
    }
}
