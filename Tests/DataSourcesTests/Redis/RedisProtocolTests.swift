import Sealing
import TestSupport
import Testing

@testable import DataSources

@Suite("What a Redis server may say") struct RedisProtocolTests {
    private static let sync = "+FULLRESYNC \(String(repeating: "a", count: 40)) 17\r\n"
    private static let mark = String(repeating: "0123456789", count: 4)

    /// A dump without databases; `sum` nil counts it.
    private static func dump(sum: UInt64? = nil) -> [UInt8] {
        let body = Array("REDIS0010".utf8) + [0xFA, 5] + Array("ctime".utf8) + [0xC2, 1, 0, 0, 0, 0xFF]
        var crc = CRC64()
        crc.update(body)
        return body + (0..<8).map { UInt8(truncatingIfNeeded: (sum ?? crc.value) >> UInt64(8 * $0)) }
    }

    private static func info(_ lines: String) -> [UInt8] { Array("$\(lines.utf8.count)\r\n\(lines)\r\n".utf8) }

    private func read(
        psync: [UInt8], info: String = "redis_version:7.0.15\r\nrole:master", acceptsUntested: Bool = false
    ) async throws -> SourceReading {
        let yard = try await Yard()
        let fake = try FakeRedis(
            at: yard.folder("s"), answers: ["INFO": RedisProtocolTests.info(info), "PSYNC": psync])
        var settings = RedisSettings()
        settings.server = ServerAddress(socket: fake.path)
        var environment = yard.environment
        environment.acceptsUntested = acceptsUntested
        return try await yard.roundTrip(
            RedisSource(name: "jobs", settings: settings, environment: environment), to: "out"
        ).reading
    }

    @Test(
        "a dump with a length or a mark, counted or not, is taken, with its position", arguments: [true, false],
        [nil, 0])
    func good(hasLength: Bool, sum: UInt64?) async throws {
        let dump = RedisProtocolTests.dump(sum: sum)
        let begin = hasLength ? "$\(dump.count)\r\n" : "$EOF:\(RedisProtocolTests.mark)\r\n"
        let end = hasLength ? "" : RedisProtocolTests.mark
        let reading = try await read(
            psync: Array("\n\n\(RedisProtocolTests.sync)\n\(begin)".utf8) + dump + Array(end.utf8))
        #expect(reading.position?.replicationOffset == 17)
        #expect(reading.consistentFrom == "1970-01-01T00:00:01Z", "the dump's own time")
    }

    @Test("a dump that is cut anywhere, in either form, is refused", arguments: [true, false])
    func cut(hasLength: Bool) async throws {
        let dump = RedisProtocolTests.dump()
        let begin = hasLength ? "$\(dump.count)\r\n" : "$EOF:\(RedisProtocolTests.mark)\r\n"
        let whole =
            Array("\(RedisProtocolTests.sync)\(begin)".utf8) + dump
            + Array(hasLength ? "".utf8 : RedisProtocolTests.mark.utf8)
        for count in stride(from: 0, to: whole.count, by: 7) {
            let error = await #expect(throws: SourceError.self, "\(count)") {
                _ = try await read(psync: Array(whole.prefix(count)))
            }
            #expect(error?.code == .toolFailed || error?.code == .serverUnreachable, "\(count)")
        }
    }

    @Test("a dump that is none is refused", arguments: [0, 12, 25, 28])
    func damaged(position: Int) async throws {
        var dump = RedisProtocolTests.dump()
        let place = min(position, dump.count - 1)
        dump[place] ^= 0x40
        let error = await #expect(throws: SourceError.self) {
            _ = try await read(psync: Array("\(RedisProtocolTests.sync)$\(dump.count)\r\n".utf8) + dump)
        }
        #expect(error?.code == .malformedStream && error?.message.contains("no dump") == true)
    }

    @Test(
        "a server in no state to be read, of an unknown version, or none at all, is refused",
        arguments: [
            ("-NOMASTERLINK no\r\n", "role:slave", SourceError.Code.serverUnreachable),
            ("", "redis_version:7.0.15\r\nloading:1", .serverUnreachable),
            ("", "redis_version:7.0.15\r\nmaster_link_status:down", .serverUnreachable),
            ("", "redis_version:5.0.3", .versionUnsupported), ("+WHAT\r\n", "", .malformedStream),
            ("HTTP/1.1 400\r\n", "", .malformedStream), ("\(sync)$EOF:short\r\n", "", .malformedStream),
        ])
    func refused(psync: String, info: String, code: SourceError.Code) async throws {
        let version = info.contains("redis_version") ? "" : "redis_version:7.0.15\r\n"
        let error = await #expect(throws: SourceError.self) {
            _ = try await read(psync: Array(psync.utf8), info: version + info)
        }
        #expect(error?.code == code)
    }

    @Test(
        "versions that were not tried say so",
        arguments: [("6.2.14", ""), ("7.2.4", "valkey_version:8.0.1"), ("5.0", "")])
    func versions(redis: String, valkey: String) async throws {
        let dump = RedisProtocolTests.dump()
        let reading = try await read(
            psync: Array("\(RedisProtocolTests.sync)$\(dump.count)\r\n".utf8) + dump,
            info: "redis_version:\(redis)\r\n\(valkey)", acceptsUntested: true)
        #expect(reading.warnings.count == 1)
        #expect(reading.serverVersion == (valkey.isEmpty ? redis : "8.0.1-Valkey"))
    }
}
