import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import Sealing
import Testing

@testable import Ledger

/// Writes a long ledger into a repository, for `Tests/Support/bench-catalog`; no claim, and skipped in the suite.
@Suite("a long ledger", .enabled(if: getenv("LIFEBOAT_LEDGER_FOLDER") != nil, "Tests/Support/bench-catalog runs it"))
struct LedgerMaker {
    @Test("is written")
    func make() async throws {
        let folder = String(cString: try #require(getenv("LIFEBOAT_LEDGER_FOLDER")))
        let count = UInt64(String(cString: try #require(getenv("LIFEBOAT_LEDGER_COUNT")))) ?? 0
        let password = try Data(contentsOf: URL(filePath: folder + "/password"))
        let store = DirectoryStore(root: folder + "/repository")
        let repository = try await Repository(store: store).open(password: SecretBytes(Array(password)))
        let seal = EventSeal(repositoryID: repository.config.id, masterKey: repository.key)
        let key = SigningKey.random()
        try FileManager.default.createDirectory(
            atPath: "\(folder)/repository/\(EventName.folder("bench"))", withIntermediateDirectories: true)
        var previous: Digest?
        for sequence in 1...count {
            let salted = SecureRandom.bytes(EventSeal.saltByteCount) + Array(LedgerMaker.payload(sequence).utf8)
            let header = EventHeader(
                repositoryID: repository.config.id, node: "bench", sequence: sequence, previous: previous,
                time: EventTime(seconds: 1_700_000_000 + Int64(sequence)),
                kind: EventKind(rawValue: sequence % 10 == 0 ? "verification" : "backup"),
                payloadHash: SHA256.digest(salted), publicKey: key.verifyingKey)
            previous = header.hash
            let path = "\(folder)/repository/\(EventName.header("bench", sequence))"
            try LedgerMaker.write(try seal.sealPayload(salted, of: "bench", sequence), path + EventName.payloadSuffix)
            try LedgerMaker.write(try seal.seal(header, signedBy: key), path)
        }
    }

    /// Straight to a file: the store would flush each of them.
    private static func write(_ bytes: [UInt8], _ path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }

    private static func payload(_ sequence: UInt64) -> String {
        let point = String(sequence, radix: 16)
        let ends = #""plan":"nightly","started":"2026-11-21T02:30:00Z","ended":"2026-11-21T02:31:00.123Z""#
        if sequence % 10 == 0 {
            return
                #"{"actor":"0123456789abcdef","detail":{"point":"\#(point)",\#(ends),"verdict":"pass","parts":[{"source":"db","kind":"mariadb","verdict":"pass","message":"","checks":[],"assertions":[],"phases":[{"phase":"fetch","seconds":1.5}],"byte_count":123456}]}}"#
        }
        let part = #""outcome":"complete","bytes":123456789,"added_bytes":12345,"position":{"gtid":"0-1-\#(sequence)"}"#
        return
            #"{"actor":"0123456789abcdef","detail":{"point":"\#(point)",\#(ends),"service":"cloud","is_whole":true,"configuration_digest":"\#(String(repeating: "ab", count: 32))","parts":[{"source":"db","kind":"mariadb",\#(part)},{"source":"uploads","kind":"files",\#(part)}]}}"#
    }
}
