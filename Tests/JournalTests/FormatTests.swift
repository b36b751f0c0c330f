import Sealing
import TestSupport
import Testing

@testable import Journal

@Suite("Entries of a journal")
struct FormatTests {
    private let header = Chain.header("binlog.000007", 4, 3, ends: true, "0-1-1", "0-1-2")

    @Test("a segment is what it was after sealing and reading")
    func roundTrip() throws {
        let entry = JournalEntry.segment(header, [1, 2, 3])
        #expect(try JournalEntry(payload: entry.payload(), name: "x") == entry)
        let closing = JournalEntry.closing(
            Closing(
                replaced: [.init(first: 1, last: 3, lastDigest: "00")], tree: "11",
                files: [.init(header: header, path: "db/journal/1/binlog.000007")], tail: header))
        #expect(try JournalEntry(payload: closing.payload(), name: "x") == closing)
    }

    @Test(
        "lengths that lie are refused before anything is read by them",
        arguments: [
            [], [1], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F, 0x7B], [2, 0, 0, 0, 0x7B], [0, 0, 0, 0],
        ])
    func hostileLengths(payload: [UInt8]) {
        #expect { _ = try JournalEntry(payload: payload, name: "x") } throws: {
            ($0 as? JournalError)?.code == .damagedObject
        }
    }

    @Test("random payloads are refused, never followed", arguments: 0..<200)
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var payload = try JournalEntry.segment(header, [1, 2, 3]).payload()
        for _ in 0..<3 {
            payload[Int.random(in: 0..<8, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        if let entry = try? JournalEntry(payload: payload, name: "x") {
            guard case .segment(let read, let bytes) = entry else { return }
            #expect(read.byteCount == UInt64(bytes.count))
        }
    }

    @Test("a header that says another length, or reaches beyond every file, is refused")
    func lies() throws {
        let long = JournalEntry.segment(header, [1, 2])
        var beyond = header
        beyond.offset = .max - 1
        let far = JournalEntry.segment(beyond, [1, 2, 3])
        for entry in [long, far] {
            #expect { _ = try JournalEntry(payload: entry.payload(), name: "x") } throws: {
                ($0 as? JournalError)?.code == .damagedObject
            }
        }
    }

    @Test("a newer format is named")
    func newer() throws {
        var newer = header
        newer.format = 2
        #expect {
            _ = try JournalEntry(payload: JournalEntry.segment(newer, [1, 2, 3]).payload(), name: "x")
        } throws: {
            ($0 as? JournalError)?.code == .unsupportedVersion
        }
    }

    @Test("more than fits is refused before it is stored")
    func tooLarge() {
        let bytes = [UInt8](repeating: 0, count: JournalEntry.largestByteCount + 1)
        #expect { _ = try JournalEntry.segment(header, bytes).payload() } throws: {
            ($0 as? JournalError)?.code == .tooLarge
        }
    }
}
