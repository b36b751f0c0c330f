import ObjectStore
import Synchronization

/// Passes everything through, counts bytes, and calls a hook before each call: a hook that waits is a gate. Another
/// hook may follow what was put.
final class WatchedStore: ObjectStore {
    enum Operation: Sendable, Hashable { case put, get, head, delete, list }
    typealias Hook = @Sendable (Operation, String) async throws(StoreError) -> Void

    let location: String
    private let store: any ObjectStore
    private let afterPut: @Sendable (String) async -> Void
    private let state = Mutex<(read: UInt64, written: UInt64, names: [String], hook: Hook?)>((0, 0, [], nil))

    init(
        _ store: any ObjectStore, hook: Hook? = nil, afterPut: @escaping @Sendable (String) async -> Void = { _ in }
    ) {
        self.store = store
        self.afterPut = afterPut
        location = store.location
        state.withLock { $0.hook = hook }
    }

    /// Bytes that `get` gave.
    var readByteCount: UInt64 { state.withLock { $0.read } }
    /// Bytes that `put` took.
    var writtenByteCount: UInt64 { state.withLock { $0.written } }
    /// Names that were read, in order.
    var readNames: [String] { state.withLock { $0.names } }

    func setHook(_ hook: Hook?) { state.withLock { $0.hook = hook } }

    private func look(_ operation: Operation, _ name: String) async throws(StoreError) {
        if let hook = state.withLock({ $0.hook }) { try await hook(operation, name) }
    }

    func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        try await look(.put, name)
        try await store.put(name, bytes, digest: digest, condition: condition)
        state.withLock { $0.written += UInt64(bytes.count) }
        await afterPut(name)
    }

    func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        try await look(.get, name)
        let bytes = try await store.get(name, range: range)
        state.withLock { state in
            state.read += UInt64(bytes.count)
            state.names.append(name)
        }
        return bytes
    }

    func head(_ name: String) async throws(StoreError) -> ObjectInfo {
        try await look(.head, name)
        return try await store.head(name)
    }

    func delete(_ names: [String]) async throws(StoreError) {
        try await look(.delete, names.first ?? "")
        try await store.delete(names)
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        try await look(.list, prefix)
        return try await store.list(prefix: prefix, after: after, limit: limit)
    }
}

/// A door that tests open. Waiting before it is opened waits; afterwards it passes.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
