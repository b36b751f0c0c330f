import Journal
import ObjectStore
import TestSupport
import Testing

@Suite("A chain of segments")
struct ChainTests {
    @Test("gives back the bytes, as one span")
    func whole() async throws {
        let chain = try await Chain()
        let coverage = try await chain.coverage()
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1)
        let span = coverage.spans[0]
        #expect(span.begin == LogPlace(file: "a", offset: 0) && span.end == LogPlace(file: "b", offset: 10))
        #expect(span.from == "0" && span.to == "5")
        var bytes = [UInt8]()
        for part in span.parts { bytes += try await JournalReader(chain.journal()).bytes(of: part, on: 1) }
        #expect(bytes == Array(0..<40))
    }

    @Test("names tell neither the source nor the file")
    func names() async throws {
        let chain = try await Chain()
        #expect(chain.journal("db").sourceID != chain.journal("db2").sourceID)
        #expect(chain.journal().sourceID.count == 16)
        for info in try await chain.store.list(prefix: "lifeboat/") { #expect(!info.name.contains("db/")) }
        #expect(try await chain.store.list(prefix: "").map(\.name).contains(chain.name(5)))
    }

    @Test("a missing segment is a gap with its name", arguments: 1...4)
    func missing(number: Int) async throws {
        let chain = try await Chain()
        try await chain.store.delete(chain.name(number))
        let coverage = try await chain.coverage()
        #expect(
            coverage.gaps.count == 1 && coverage.gaps[0].reason.contains("segment \(chain.name(number)) is missing"))
        #expect(coverage.spans.flatMap(\.parts).count == 4)
        #expect(coverage.spans.count == (number == 1 ? 1 : 2))
        #expect(coverage.gaps[0].beforePosition == "\(number)")
    }

    @Test("several missing segments are one gap")
    func missingRun() async throws {
        let chain = try await Chain()
        try await chain.store.delete([chain.name(2), chain.name(3)])
        let gaps = try await chain.coverage().gaps
        #expect(gaps.count == 1 && gaps[0].reason.contains("segments \(chain.name(2)) to 3 are missing"))
        #expect(gaps[0].after == LogPlace(file: "a", offset: 10) && gaps[0].before == LogPlace(file: "b", offset: 0))
    }

    @Test("damage, of any kind, is a gap with the object's name", arguments: ["flip", "cut", "empty", "grow"])
    func damaged(how: String) async throws {
        let chain = try await Chain()
        var bytes = try await chain.store.get(chain.name(3))
        switch how {
        case "flip": bytes[bytes.count / 2] ^= 1
        case "cut": bytes.removeLast()
        case "grow": bytes.append(0)
        default: bytes = []
        }
        try await chain.store.put(chain.name(3), bytes)
        let coverage = try await chain.coverage()
        #expect(
            coverage.gaps.count == 1 && coverage.gaps[0].reason.contains("segment \(chain.name(3)) cannot be opened"))
        #expect(coverage.spans.map(\.to) == ["2", "5"])
    }

    @Test("segments that changed places, or came from another timeline or source, are refused")
    func swapped() async throws {
        let chain = try await Chain()
        let (two, four) = (try await chain.store.get(chain.name(2)), try await chain.store.get(chain.name(4)))
        try await chain.store.put(chain.name(2), four)
        try await chain.store.put(chain.name(4), two)
        let coverage = try await chain.coverage()
        #expect(coverage.spans.flatMap(\.parts).map(\.header.to) == ["1", "3", "5"])
        #expect(coverage.gaps.count == 2 && coverage.gaps.allSatisfy { $0.reason.contains("instead of") })
        try await chain.store.put(chain.name(1, 2), try await chain.store.get(chain.name(1)))
        let other = try await JournalReader(chain.journal()).coverage(of: Chain.record(2))
        #expect(other.spans.isEmpty && other.gaps.count == 1 && other.gaps[0].reason.contains("cannot be opened"))
    }

    @Test("an older segment under its own name shows by the one behind it")
    func rolledBack() async throws {
        let (chain, number) = (try await Chain(), 3)
        // The same writer wrote this once, before the store lost it and it was written again.
        let old = try await chain.store.get(chain.name(number))
        try await chain.store.delete([3, 4, 5].map { chain.name($0) })
        let writer = JournalWriter(chain.journal(), timeline: 1)
        for (header, bytes) in Chain.segments[2...] { _ = try await writer.append(header, bytes) }
        #expect(try await chain.coverage().gaps.isEmpty)
        try await chain.store.put(chain.name(number), old)
        let coverage = try await chain.coverage()
        #expect(coverage.gaps.count == 1 && coverage.gaps[0].reason.contains("\(chain.name(4)) does not continue"))
        #expect(coverage.spans.map(\.to) == ["2", "5"])
    }

    @Test("a chain of another repository, or sealed with another key, is no chain")
    func foreign() async throws {
        let chain = try await Chain()
        let other = SourceJournal(
            store: chain.store, repositoryID: String(repeating: "cd", count: 32), key: chain.key, source: "db")
        #expect(other.sourceID != chain.journal().sourceID)
        #expect(try await JournalReader(other).timelines().records.isEmpty)
    }

    @Test(
        "bytes that do not follow each other are a gap that says where",
        arguments: [
            (Chain.header("b", 12, 3, ends: false, "5", "6"), "b goes on at byte 12 instead of 10"),
            (Chain.header("b", 8, 3, ends: false, "5", "6"), "b goes on at byte 8 instead of 10"),
            (Chain.header("c", 0, 3, ends: false, "5", "6"), "the end of b behind byte 10 is missing"),
            (Chain.header("b", 10, 3, ends: false, "9", "10"), "begins at the position \"9\", b ends at \"5\""),
        ])
    func ranges(next: SegmentHeader, reason: String) async throws {
        let chain = try await Chain()
        _ = try await JournalWriter(chain.journal(), timeline: 1).append(next, [1, 2, 3])
        let coverage = try await chain.coverage()
        #expect(coverage.gaps.count == 1 && coverage.gaps[0].reason.contains(reason), "\(coverage.gaps)")
        #expect(coverage.spans.count == 2)
    }

    @Test("of two writers of one chain the second is told, and nothing is overwritten")
    func twoWriters() async throws {
        let chain = try await Chain()
        let (one, two) = (JournalWriter(chain.journal(), timeline: 1), JournalWriter(chain.journal(), timeline: 1))
        for writer in [one, two] { #expect(try await writer.resume().number == 5) }
        _ = try await one.append(Chain.header("b", 10, 1, ends: false, "5", "6"), [1])
        await #expect {
            _ = try await two.append(Chain.header("b", 10, 1, ends: false, "5", "7"), [2])
        } throws: { ($0 as? JournalError)?.code == .otherWriter }
        #expect(try await chain.coverage().spans.last?.to == "6")
    }

    @Test("a put whose answer was lost is recognised when it is made again")
    func lostAnswer() async throws {
        let chain = try await Chain()
        let lost = StoreError(.unreachable, "lost", subject: "test", isTransient: true)
        let store = FaultyStore(chain.store, plan: [.put: [.failAfterStoring(lost)]])
        let journal = SourceJournal(
            store: store, repositoryID: Chain.repositoryID, key: chain.key, source: "db")
        let writer = JournalWriter(journal, timeline: 1)
        let header = Chain.header("b", 10, 1, ends: false, "5", "6")
        await #expect(throws: StoreError.self) { _ = try await writer.append(header, [1]) }
        #expect(try await writer.resume().last == header)
        #expect(try await chain.coverage().gaps.isEmpty)
    }
}
