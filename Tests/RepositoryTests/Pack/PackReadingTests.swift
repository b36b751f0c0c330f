import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Repository

@Suite("the header of a stored pack")
struct PackReadingTests {
    /// A repository with one pack of so many blobs; its record and its bytes.
    private func packed(_ count: Int) async throws -> (stage: Stage, record: PackRecord, bytes: [UInt8]) {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        for number in 0..<count { made.data(Array("blob \(number)".utf8)) }
        let record = try await made.flush()[0]
        return (stage, record, try await stage.store.get(Layout.pack(record.id)))
    }

    @Test("is read back, also when it is larger than what is usually read of a pack's end", arguments: [1, 10, 5_000])
    func read(count: Int) async throws {
        let (stage, record, bytes) = try await packed(count)
        #expect(try await stage.repository.header(ofPack: record.id, byteCount: UInt64(bytes.count)) == record)
        #expect(record.byteCount == UInt64(bytes.count))
    }

    @Test("of a pack cut short anywhere is refused", arguments: [0, 1, 3, 4, 36, 37, 60, 100, 200])
    func truncated(count: Int) async throws {
        let (stage, record, bytes) = try await packed(4)
        #expect(bytes.count > 200)
        try await stage.store.put(Layout.pack(record.id), Array(bytes.prefix(count)))
        for told in [count, bytes.count] where told > 0 {
            let error = await #expect(throws: (any Error).self) {
                _ = try await stage.repository.header(ofPack: record.id, byteCount: UInt64(told))
            }
            let code = (error as? RepositoryError)?.code
            #expect(code == .packDamaged || (error as? StoreError)?.code == .invalidRange, "\(error.map(text) ?? "")")
        }
    }

    @Test(
        "with a length that is no length is refused before anything is allocated",
        arguments: [0, 31, 32, 0xFFFF_FFFF, 0x0100_0001, 100_000] as [UInt32])
    func length(value: UInt32) async throws {
        let (stage, record, bytes) = try await packed(4)
        var damaged = Array(bytes.dropLast(4))
        PackHeader.append(value, to: &damaged)
        try await stage.store.put(Layout.pack(record.id), damaged)
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await stage.repository.header(ofPack: record.id, byteCount: UInt64(damaged.count))
        }
        #expect(error?.code == .packDamaged && error?.subject.contains(record.id.hex) == true)
    }

    @Test("with bytes between the blobs and itself is refused")
    func gap() async throws {
        let (stage, record, bytes) = try await packed(4)
        let body = record.blobs.reduce(0) { $0 + Int($1.byteCount) }
        let gapped = Array(bytes[..<body] + [0, 0, 0, 0] + bytes[body...])
        try await stage.store.put(Layout.pack(record.id), gapped)
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await stage.repository.header(ofPack: record.id, byteCount: UInt64(gapped.count))
        }
        #expect(error?.message.contains("fill \(body) of \(body + 4) bytes") == true)
    }
}
