import ObjectStore
import Sealing
import Testing

@testable import Journal

@Suite("A chain that was trimmed")
struct TrimTests {
    private func trim(_ chain: Chain, _ first: UInt64) async throws -> JournalTrim {
        let members = try await JournalReader(chain.journal()).chain(of: 1)
        return JournalTrim(
            first: first, predecessor: members.first { $0.number + 1 == first }?.digest.hex,
            time: "2026-11-21T00:00:00Z")
    }

    @Test(
        "begins with the first that stays, before and after the deletion, and is continued; without the trim it has a gap"
    )
    func trimmed() async throws {
        let chain = try await Chain()
        let trimmer = JournalTrimmer(chain.journal(), timeline: 1)
        let swept1 = try await trimmer.sweep()
        #expect(swept1 == 0)
        let one = try await trimmer.first()
        #expect(one == 1)
        try await trimmer.write(try await trim(chain, 4))
        let killed = try await chain.coverage()
        let begins = killed.spans.map(\.begin)
        #expect(killed.gaps.isEmpty && begins == [LogPlace(file: "b", offset: 0)])
        let swept2 = try await trimmer.sweep()
        #expect(swept2 == 3)
        let swept3 = try await trimmer.sweep()
        #expect(swept3 == 0)
        let after = try await chain.coverage()
        #expect(after == killed)
        let numbers = try await JournalReader(chain.journal()).chain(of: 1).map(\.number)
        #expect(numbers == [4, 5])
        let tail = try await JournalWriter(chain.journal(), timeline: 1)
            .append(Chain.header("b", 10, 5, ends: true, "5", "6"), Array(40..<45))
        #expect(tail.number == 6)
        let continued = try await chain.coverage()
        #expect(continued.gaps.isEmpty)

        let name = chain.journal().trimName(1, 4)
        let stored = try await chain.store.get(name)
        try await chain.store.delete(name)
        let missing = try await chain.coverage()
        #expect(missing.gaps.count == 1 && missing.gaps[0].reason.contains("to 3 are missing"), "\(missing.gaps)")
        try await chain.store.put(chain.journal().trimName(1, 5), stored)
        let renamed = try await chain.coverage()
        #expect(renamed == missing, "a trim under another name does not count")
    }

    @Test("an older trim that was put back, and another segment before the first, are gaps with a name")
    func rolledBack() async throws {
        let chain = try await Chain()
        let trimmer = JournalTrimmer(chain.journal(), timeline: 1)
        var wrong = try await trim(chain, 4)
        wrong.predecessor = String(repeating: "0", count: 64)
        try await trimmer.write(wrong)
        let reasons = try await chain.coverage().gaps.map(\.reason)
        #expect(reasons.first?.contains("does not continue") == true, "\(reasons)")

        let other = try await Chain()
        let second = JournalTrimmer(other.journal(), timeline: 1)
        try await second.write(try await trim(other, 2))
        let (old, name) = (try await other.store.get(other.journal().trimName(1, 2)), other.journal().trimName(1, 2))
        try await second.write(try await trim(other, 4))
        try await second.write(try await trim(other, 3))
        let four = try await second.first()
        #expect(four == 4)
        try await second.sweep()
        let trims = try await other.journal().listing(of: 1).trims
        #expect(trims == [4])
        try await other.store.delete(other.journal().trimName(1, 4))
        try await other.store.put(name, old)
        let coverage = try await other.coverage()
        #expect(coverage.gaps.count == 1 && coverage.gaps[0].reason.contains("missing"), "\(coverage.gaps)")
    }

    @Test("a chain of which nothing is left goes on with the next number, behind the digest of the last")
    func empty() async throws {
        let chain = try await Chain()
        let trimmer = JournalTrimmer(chain.journal(), timeline: 1)
        try await trimmer.write(try await trim(chain, 6))
        let swept4 = try await trimmer.sweep()
        #expect(swept4 == 5)
        let nothing = try await chain.coverage()
        #expect(nothing.spans.isEmpty)
        let tail = try await JournalWriter(chain.journal(), timeline: 1)
            .append(Chain.header("c", 0, 5, ends: false, "5", "6"), Array(0..<5))
        #expect(tail.number == 6)
        let coverage = try await chain.coverage()
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1, "\(coverage)")
    }
}
