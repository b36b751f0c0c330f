/// Tries again, after a pause that grows, when a call fails with an error that says `isTransient`.
///
/// The pause before attempt n is drawn evenly from zero to `firstPause` times 2 to the n-1, at most `longestPause` ("full
/// jitter"), and is never shorter than what the server asked for. Once `longestTotal` would be passed, or the attempts are
/// used up, the last error is thrown as it came.
public final class RetryingStore: ObjectStore {
    /// How often and how long.
    public struct Policy: Sendable, Hashable {
        /// Attempts in all, at least 1.
        public var attemptCount = 8
        /// The first pause is at most so long.
        public var firstPause = Duration.milliseconds(200)
        /// No pause is longer, other than when the server asks for it.
        public var longestPause = Duration.seconds(30)
        /// No attempt begins later than this after the first.
        public var longestTotal = Duration.seconds(300)

        /// The default policy.
        public init() {}
    }

    public let location: String
    private let store: any ObjectStore
    private let policy: Policy
    private let clock: any Clock<Duration>
    private let random: @Sendable () -> Double

    /// Retries calls to `store`. `random` gives numbers from 0 to 1.
    public init(
        _ store: any ObjectStore, policy: Policy = Policy(), clock: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.store = store
        self.policy = policy
        self.clock = clock
        self.random = random
        location = store.location
    }

    public func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        try await retrying(on: clock) { attempt throws(StoreError) in
            do throws(StoreError) {
                try await self.store.put(name, bytes, digest: digest, condition: condition)
            } catch {
                // An earlier attempt may have arrived although its answer did not.
                guard error.code == .alreadyExists, attempt > 1, try await self.holds(name, bytes) else { throw error }
            }
        }
    }

    public func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        try await retrying(on: clock) { _ throws(StoreError) in try await self.store.get(name, range: range) }
    }

    public func head(_ name: String) async throws(StoreError) -> ObjectInfo {
        try await retrying(on: clock) { _ throws(StoreError) in try await self.store.head(name) }
    }

    public func delete(_ names: [String]) async throws(StoreError) {
        try await retrying(on: clock) { _ throws(StoreError) in try await self.store.delete(names) }
    }

    public func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        try await retrying(on: clock) { _ throws(StoreError) in
            try await self.store.list(prefix: prefix, after: after, limit: limit)
        }
    }

    /// True when the object is what we meant to put. One that another writer put meanwhile with the same bytes counts as ours:
    /// who needs to tell them apart writes something of his own into it.
    private func holds(_ name: String, _ bytes: ArraySlice<UInt8>) async throws(StoreError) -> Bool {
        do {
            let info = try await store.head(name)
            guard info.byteCount == UInt64(bytes.count) else { return false }
            return try await store.get(name)[...] == bytes
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
    }

    private func retrying<T: Sendable, C: Clock>(
        on clock: C, _ call: (Int) async throws(StoreError) -> T
    ) async throws(StoreError) -> T where C.Duration == Duration {
        let start = clock.now
        var attempt = 1
        while true {
            let failure: StoreError
            do {
                return try await call(attempt)
            } catch {
                failure = error
            }
            guard failure.isTransient, attempt < policy.attemptCount else { throw failure }
            let pause = pause(after: attempt, failure)
            guard start.duration(to: clock.now) + pause <= policy.longestTotal else { throw failure }
            do {
                try await clock.sleep(until: clock.now.advanced(by: pause), tolerance: nil)
            } catch {
                throw .cancelled(failure.subject)
            }
            attempt += 1
        }
    }

    private func pause(after attempt: Int, _ failure: StoreError) -> Duration {
        let grown = policy.firstPause * (1 << min(attempt - 1, 20))
        let drawn = min(grown, policy.longestPause) * min(max(random(), 0), 1)
        return max(drawn, failure.retryAfter ?? .zero)
    }
}
