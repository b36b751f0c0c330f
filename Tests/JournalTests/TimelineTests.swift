import Journal
import ObjectStore
import TestSupport
import Testing

@Suite("Timelines")
struct TimelineTests {
    private let place = LogPlace(file: "a", offset: 10)

    @Test("the newest is live, and a path leads from the root to it by the branches")
    func tree() async throws {
        let chain = try await Chain()
        let store = TimelineStore(chain.journal())
        for number in 2...11 as ClosedRange<UInt32> {
            try await store.write(Chain.record(number, parent: number == 5 ? 2 : number - 1, branch: place))
        }
        let tree = try await JournalReader(chain.journal()).timelines()
        #expect(tree.live?.timeline == 11)
        #expect(try tree.path(to: 6).map(\.timeline) == [1, 2, 5, 6])
    }

    @Test("a path begins anew where nobody knows the branch")
    func unknownBranch() throws {
        let tree = try TimelineTree([
            Chain.record(1), Chain.record(2, parent: 1), Chain.record(3, parent: 2, branch: place),
        ])
        #expect(try tree.path(to: 3).map(\.timeline) == [2, 3])
    }

    @Test("a timeline that is not there is named")
    func missing() throws {
        let tree = try TimelineTree([Chain.record(1), Chain.record(3, parent: 2, branch: place)])
        for number in [2, 3, 9] as [UInt32] {
            #expect { _ = try tree.path(to: number) } throws: { ($0 as? JournalError)?.code == .timelineMissing }
        }
    }

    @Test("records that lead in a circle are refused")
    func circle() {
        #expect { _ = try TimelineTree([Chain.record(1, parent: 2), Chain.record(2, parent: 1)]) } throws: {
            ($0 as? JournalError)?.code == .malformedTimelines
        }
    }

    @Test("a record is written once; the same one again is fine")
    func once() async throws {
        let chain = try await Chain()
        let store = TimelineStore(chain.journal())
        try await store.write(Chain.record(1))
        await #expect { try await store.write(Chain.record(1, parent: 0)) } throws: {
            ($0 as? JournalError)?.code == .otherWriter
        }
    }

    @Test("a record under another name is refused")
    func renamed() async throws {
        let chain = try await Chain()
        let prefix = "lifeboat/timelines/\(chain.journal().sourceID)/"
        try await chain.store.put(prefix + "2", try await chain.store.get(prefix + "1"))
        await #expect { _ = try await JournalReader(chain.journal()).timelines() } throws: {
            ($0 as? JournalError)?.code == .damagedObject
        }
    }
}
