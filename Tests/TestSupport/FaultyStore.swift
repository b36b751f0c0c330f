public import ObjectStore
import Synchronization

/// What goes wrong, and when: outcomes for the calls of each operation, in order; then everything passes through.
///
///     FaultyStore(store, plan: [.put: [.none, .fail(diskFull), .truncate(100)]])
public final class FaultyStore: ObjectStore {
    /// The calls of a store.
    public enum Operation: Sendable, Hashable, CaseIterable { case put, get, head, delete, list }

    /// What becomes of one call.
    public enum Outcome: Sendable {
        /// It passes.
        case none
        /// It fails before anything happens.
        case fail(StoreError)
        /// A put stores, or a get gives, only so many bytes, and says nothing.
        case truncate(Int)
        /// It happens, and then fails: the answer was lost.
        case failAfterStoring(StoreError)
    }

    public let location: String
    private let store: any ObjectStore
    private let state: Mutex<(plan: [Operation: [Outcome]], counts: [Operation: Int])>

    /// Puts faults in front of `store`.
    public init(_ store: any ObjectStore, plan: [Operation: [Outcome]] = [:]) {
        self.store = store
        location = store.location
        state = Mutex((plan, [:]))
    }

    /// How many calls of an operation there were.
    public func count(_ operation: Operation) -> Int { state.withLock { $0.counts[operation, default: 0] } }

    /// Replaces what is left of the plan.
    public func arm(_ plan: [Operation: [Outcome]]) { state.withLock { $0.plan = plan } }

    private func next(_ operation: Operation) -> Outcome {
        state.withLock { state in
            state.counts[operation, default: 0] += 1
            guard let outcomes = state.plan[operation], let first = outcomes.first else { return .none }
            state.plan[operation] = Array(outcomes.dropFirst())
            return first
        }
    }

    private func pass<T>(
        _ operation: Operation, _ call: (Int?) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        switch next(operation) {
        case .none: return try await call(nil)
        case .fail(let error): throw error
        case .truncate(let count): return try await call(count)
        case .failAfterStoring(let error):
            _ = try await call(nil)
            throw error
        }
    }

    public func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        try await pass(.put) { count throws(StoreError) in
            let stored = count.map { bytes.prefix($0) } ?? bytes
            try await self.store.put(name, stored, digest: count == nil ? digest : nil, condition: condition)
        }
    }

    public func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        try await pass(.get) { count throws(StoreError) in
            let bytes = try await self.store.get(name, range: range)
            return count.map { Array(bytes.prefix($0)) } ?? bytes
        }
    }

    public func head(_ name: String) async throws(StoreError) -> ObjectInfo {
        try await pass(.head) { _ throws(StoreError) in try await self.store.head(name) }
    }

    public func delete(_ names: [String]) async throws(StoreError) {
        try await pass(.delete) { _ throws(StoreError) in try await self.store.delete(names) }
    }

    public func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        try await pass(.list) { _ throws(StoreError) in
            try await self.store.list(prefix: prefix, after: after, limit: limit)
        }
    }
}
