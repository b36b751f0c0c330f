import Glibc
import TestSupport
import Testing

@testable import DataSources

@Suite("Binary logs that somebody has tampered with")
struct HostileBinlogTests {
    /// Everything that reads one: events, transactions, changes, inflated parts.
    private static func readAll(_ bytes: [UInt8], pieces: Int) {
        var reader = BinlogReader(subject: "hostile", wantsRows: true)
        var transactions = BinlogTransactions(subject: "hostile")
        var changes = BinlogChanges()
        var at = 0
        do {
            while at < bytes.count {
                let end = min(at + pieces, bytes.count)
                try reader.read(bytes[at..<end]) { event in
                    // What is kept of an event came in the file.
                    #expect(event.body.count <= bytes.count && event.body.count <= BinlogReader.rowLimit)
                    if event.kind == .gtid { changes.begin() }
                    changes.add(event)
                    if case .end(_, let statement?) = try transactions.take(event) { changes.add(statement) }
                    #expect(changes.all.count <= bytes.count)
                }
                at = end
            }
            #expect(reader.offset == UInt64(bytes.count))
        } catch {
            #expect(
                (error as? SourceError)?.code == .malformedStream
                    || (error as? SourceError)?.code == .versionUnsupported)
        }
    }

    /// Gives an event that sum which it would have, so that damage comes further than the first checksum.
    private static func withSums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var at = 4
        while at + 19 <= bytes.count {
            let size = Int(bytes[at + 9..<at + 13].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            guard size >= 23, size <= bytes.count - at else { break }
            var sum = HostileBinlogTests.table.reduced(bytes[at..<at + size - 4])
            for index in 0..<4 {
                bytes[at + size - 4 + index] = UInt8(truncatingIfNeeded: sum)
                sum >>= 8
            }
            at += size
        }
        return bytes
    }

    /// CRC-32 as in zlib.
    private struct Table {
        let words: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { word, _ in word & 1 == 1 ? word >> 1 ^ 0xEDB8_8320 : word >> 1 }
        }

        func reduced(_ bytes: ArraySlice<UInt8>) -> UInt32 {
            ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ words[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
        }
    }
    private static let table = Table()

    private static func damaged(_ real: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = real
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
        case 1:
            let from = Int.random(in: 0..<bytes.count, using: &random)
            bytes.removeSubrange(from..<min(bytes.count, from + Int.random(in: 1...300, using: &random)))
        default:
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
        }
        return Bool.random(using: &random) ? withSums(bytes) : bytes
    }

    @Test(
        "cut, shortened and changed logs of a real server, sums made good or not, are read or refused",
        .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"),
        arguments: [false, true])
    func realFiles(_ isCompressed: Bool) async throws {
        let stage = try await MariaDBStage(
            settings: isCompressed ? ["log-bin-compress=1", "log-bin-compress-min-len=10"] : [])
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(300), b DECIMAL(20, 7),
              c JSON, d TIMESTAMP(3) NULL, e ENUM('a', 'b'), f BIT(9), g BLOB);
            INSERT INTO t (a, b, c, d, e, f, g) SELECT REPEAT('x', seq), seq / 3, '{}', NOW(3), 'b', 5, REPEAT('y', 300)
              FROM seq_1_to_60; UPDATE t SET a = 'z' WHERE id < 20; DELETE FROM t WHERE id > 30;
            SET binlog_format = STATEMENT; INSERT INTO t (a) VALUES (REPEAT('s', 200)); XA START 'x'; INSERT INTO t (a) VALUES ('x');
            XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x';
            """)
        let real = wholeFile("\(stage.server["MARIADB_DIR"])/binlog/binlog.000001")
        let whole = HostileBinlogTests.withSums([UInt8](real))
        // The sums that we make are the server's: but for the mark that the file is in use.
        #expect(zip(whole, real).enumerated().filter { $0.element.0 != $0.element.1 }.allSatisfy { $0.offset < 300 })
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of damaged logs: \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1500 {
            let bytes = HostileBinlogTests.damaged(Array(real), &random)
            HostileBinlogTests.readAll(bytes, pieces: [64, 4096, 1 << 20][Int.random(in: 0..<3, using: &random)])
        }
    }

    @Test("random bytes behind a sound beginning are refused, and what claims gigabytes costs only what came")
    func randomBytes() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of random bytes: \(seed)")
        var random = SeededGenerator(seed: seed)
        // A format description without checksums: type 15, server 1, 100 bytes.
        var description: [UInt8] = [0, 0, 0, 0, 15, 1, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0]
        description += [UInt8](repeating: 0x31, count: 50) + [0, 0, 0, 0, 19] + [UInt8](repeating: 0, count: 24)
        let kinds: [UInt8] = [2, 16, 19, 23, 24, 25, 30, 31, 32, 160, 162, 163, 165, 166, 167, 168, 169, 170]
        for _ in 0..<3000 {
            var events = [UInt8]()
            for _ in 0..<Int.random(in: 1..<6, using: &random) {
                let body = random.bytes(Int.random(in: 0..<200, using: &random))
                let claimed =
                    Bool.random(using: &random) ? 19 + body.count : Int.random(in: 19..<3 << 30, using: &random)
                let size = (0..<4).map { UInt8(truncatingIfNeeded: claimed >> (8 * $0)) }
                let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
                events += [0, 0, 0, 0, kind, 1, 0, 0, 0] + size + [0, 0, 0, 0, 0, 0] + body
            }
            HostileBinlogTests.readAll(BinlogReader.magic + description + events, pieces: 100)
            HostileBinlogTests.readAll(random.bytes(Int.random(in: 0..<200, using: &random)), pieces: 7)
        }
    }

    @Test("what is inflated is never more than its limit, whatever the bytes are")
    func inflate() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of deflated bytes: \(seed)")
        var random = SeededGenerator(seed: seed)
        var count = 0
        for _ in 0..<20_000 {
            // A length of up to 4 GiB is claimed; behind zlib's header the first bits choose each kind of block.
            let lengthByteCount = UInt8.random(in: 0...7, using: &random)
            var bytes = [0x80 | lengthByteCount] + random.bytes(Int(lengthByteCount)) + [0x78, 0x9C]
            bytes += random.bytes(Int.random(in: 0..<300, using: &random))
            let allowsCut = Bool.random(using: &random)
            let output = Inflate.eventPart(bytes[...], limit: 5000, allowsCut: allowsCut)
            #expect(output?.count ?? 0 <= 5000)
            count += output == nil ? 0 : 1
        }
        #expect(count > 0, "some must be read")
        // 1032 to 1 is the most that deflate can: a block of fixed codes that repeats one byte 258 times, again and again.
        let bomb = [0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x78, 0x9C, 0x4B, 0xC4, 0x07] + [UInt8](repeating: 0, count: 50_000)
        #expect(Inflate.eventPart(bomb[...], limit: 5000, allowsCut: true)?.count ?? 0 <= 5000)
        #expect(Inflate.eventPart(bomb[...], limit: 5000, allowsCut: false) == nil)
    }
}
