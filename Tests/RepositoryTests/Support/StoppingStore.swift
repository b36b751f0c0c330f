import ObjectStore
import Synchronization

/// A store that works for some calls and then never again, as if the process had been killed there.
final class StoppingStore: ObjectStore {
    let location: String
    private let store: any ObjectStore
    private let rest: Atomic<Int>
    /// Does the call that fails first still have its effect?
    private let actsBeforeFailing: Bool

    init(_ store: any ObjectStore, after count: Int, actsBeforeFailing: Bool = false) {
        self.store = store
        location = store.location
        rest = Atomic(count)
        self.actsBeforeFailing = actsBeforeFailing
    }

    private func pass<T>(_ changes: Bool, _ call: () async throws(StoreError) -> T) async throws(StoreError) -> T {
        guard changes else {
            guard rest.load(ordering: .relaxed) > 0 else { throw StoreError(.failed, "killed", subject: location) }
            return try await call()
        }
        let left = rest.subtract(1, ordering: .relaxed).newValue
        if left >= 0 { return try await call() }
        if left == -1, actsBeforeFailing { _ = try await call() }
        throw StoreError(.failed, "killed", subject: location)
    }

    func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        try await pass(true) { () throws(StoreError) in
            try await self.store.put(name, bytes, digest: digest, condition: condition)
        }
    }

    func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        try await pass(false) { () throws(StoreError) in try await self.store.get(name, range: range) }
    }

    func head(_ name: String) async throws(StoreError) -> ObjectInfo {
        try await pass(false) { () throws(StoreError) in try await self.store.head(name) }
    }

    /// One object at a time, so that a kill may come between two.
    func delete(_ names: [String]) async throws(StoreError) {
        for name in names {
            try await pass(true) { () throws(StoreError) in try await self.store.delete([name]) }
        }
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        try await pass(false) { () throws(StoreError) in
            try await self.store.list(prefix: prefix, after: after, limit: limit)
        }
    }
}
