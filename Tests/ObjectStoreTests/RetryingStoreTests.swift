import ObjectStore
import TestSupport
import Testing

@Suite("retrying")
struct RetryingStoreTests {
    private let folder: TemporaryFolder
    private let faulty: FaultyStore
    private let clock = ManualClock()
    private let flaky = StoreError(.unreachable, "the line is down", subject: "test", isTransient: true)

    init() throws {
        folder = try TemporaryFolder("retrying")
        faulty = FaultyStore(DirectoryStore(root: folder.path))
    }

    private func store(_ change: (inout RetryingStore.Policy) -> Void = { _ in }) -> RetryingStore {
        var policy = RetryingStore.Policy()
        change(&policy)
        return RetryingStore(faulty, policy: policy, clock: clock, random: { 1 })
    }

    @Test(
        "keeps the contract over a store that fails at first",
        arguments: StoreContract.claims(except: .nestedNames, .longParts))
    func contract(claim: StoreContract.Claim) async throws {
        let outcomes = (0..<40).map { FaultyStore.Outcome.fail(flaky, every: $0) }
        faulty.arm(Dictionary(uniqueKeysWithValues: FaultyStore.Operation.allCases.map { ($0, outcomes) }))
        // Tasks of a claim share the faults and the clock, so one of them may meet many.
        let patient = store {
            $0.attemptCount = 1000
            $0.longestTotal = .seconds(1_000_000)
        }
        try await claim.check(patient)
    }

    @Test("pauses grow to a limit")
    func growth() async throws {
        faulty.arm([.put: Array(repeating: .fail(flaky), count: 7)])
        try await store { $0.longestPause = .seconds(3) }.put("a", [1])
        #expect(clock.pauses == [200, 400, 800, 1600, 3000, 3000, 3000].map { .milliseconds($0) })
    }

    @Test("pauses are drawn from zero to their limit")
    func jitter() async throws {
        faulty.arm([.put: [.fail(flaky), .fail(flaky)]])
        let store = RetryingStore(faulty, clock: clock, random: { 0.25 })
        try await store.put("a", [1])
        #expect(clock.pauses == [.milliseconds(50), .milliseconds(100)])
    }

    @Test("the server's wish for a longer pause is honoured")
    func retryAfter() async throws {
        let busy = StoreError(.throttled, "busy", subject: "test", isTransient: true, retryAfter: .seconds(40))
        faulty.arm([.head: [.fail(busy)]])
        try await faulty.put("a", [1])
        #expect(try await store().head("a").byteCount == 1)
        #expect(clock.pauses == [.seconds(40)])
    }

    @Test("attempts are bounded, and the last error is thrown as it came")
    func attempts() async throws {
        faulty.arm([.get: Array(repeating: .fail(flaky), count: 100)])
        await StoreContract.expect(.unreachable) { _ = try await store { $0.attemptCount = 3 }.get("a") }
        #expect(faulty.count(.get) == 3)
    }

    @Test("the total time is bounded")
    func total() async throws {
        faulty.arm([.list: Array(repeating: .fail(flaky), count: 100)])
        await StoreContract.expect(.unreachable) {
            let store = store {
                $0.longestTotal = .seconds(10)
                $0.attemptCount = 100
            }
            _ = try await store.list(prefix: "")
        }
        #expect(clock.pauses.reduce(.zero, +) <= .seconds(10))
        #expect(faulty.count(.list) == 6)
    }

    @Test("errors that will not pass are thrown at once")
    func permanent() async throws {
        await StoreContract.expect(.notFound) { _ = try await store().get("none") }
        #expect(faulty.count(.get) == 1)
        #expect(clock.pauses.isEmpty)
    }

    @Test("a conditional put whose answer was lost is recognised as done")
    func lostAnswer() async throws {
        faulty.arm([.put: [.failAfterStoring(flaky)]])
        try await store().put("lock", [1, 2][...], digest: nil, condition: .ifAbsent)
        #expect(try await faulty.get("lock") == [1, 2])
    }

    @Test("a conditional put that another writer won is refused, before and after a lost attempt")
    func lostRace() async throws {
        try await faulty.put("lock", [9, 9])
        await StoreContract.expect(.alreadyExists) {
            try await store().put("lock", [9, 9][...], digest: nil, condition: .ifAbsent)
        }
        faulty.arm([.put: [.fail(flaky)]])
        await StoreContract.expect(.alreadyExists) {
            try await store().put("lock", [1, 2][...], digest: nil, condition: .ifAbsent)
        }
        #expect(try await faulty.get("lock") == [9, 9])
    }

    @Test("cancelling ends the pause")
    func cancelled() async throws {
        faulty.arm([.get: Array(repeating: .fail(flaky), count: 100)])
        let store = RetryingStore(faulty, clock: ContinuousClock(), random: { 1 })
        let task = Task { () -> StoreError.Code? in
            withUnsafeCurrentTask { $0?.cancel() }
            do {
                _ = try await store.get("a")
                return nil
            } catch {
                return (error as? StoreError)?.code
            }
        }
        #expect(await task.value == .cancelled)
        #expect(faulty.count(.get) == 1)
    }
}

extension FaultyStore.Outcome {
    /// Fails every third call.
    fileprivate static func fail(_ error: StoreError, every index: Int) -> Self {
        index % 3 == 0 ? .fail(error) : .none
    }
}
