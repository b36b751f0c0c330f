/// The packs that are open for one type of blob. A thread takes one, adds a blob and gives it back; more than one is open only
/// while several threads add at once, so that few half-full packs are left at the end.
///
/// The number of packs in memory (open or being uploaded) is bounded: taking one waits until an upload is done.
final class PackPool: Sendable {
    private struct State {
        var open: [PackBuilder] = []
        var spare: [PackBuilder] = []
        var count = 0
        var isClosed = false
    }

    private let openLimit: Int
    private let limit: Int
    private let byteCount: Int
    private let state = Monitor(State())
    private let taken = Monitor(0)

    /// `openLimit` threads may fill packs at once; `limit` packs exist in all; each has room for `byteCount` bytes.
    init(openLimit: Int, limit: Int, byteCount: Int) {
        self.openLimit = openLimit
        self.limit = limit
        self.byteCount = byteCount
    }

    /// Lends a pack to add to; nil when the pool was closed.
    func take() -> PackBuilder? {
        _ = taken.wait { taken -> Bool? in
            guard taken < self.openLimit else { return nil }
            taken += 1
            return true
        }
        let builder: PackBuilder?? = state.wait { state in
            if state.isClosed { return .some(nil) }
            if let builder = state.open.popLast() ?? state.spare.popLast() { return builder }
            guard state.count < self.limit else { return nil }
            state.count += 1
            return self.make()
        }
        guard let builder, let builder else {
            taken.update { $0 -= 1 }  // or a thread that waits for its turn would wait for ever
            return nil
        }
        return builder
    }

    private func make() -> PackBuilder {
        let builder = PackBuilder()
        builder.reserve(byteCount)
        return builder
    }

    /// Gives a pack back that has room left.
    func putBack(_ builder: PackBuilder) {
        state.update { $0.open.append(builder) }
        taken.update { $0 -= 1 }
    }

    /// A full pack leaves to be uploaded; another may be opened, if memory allows.
    func sendOff() {
        taken.update { $0 -= 1 }
    }

    /// Counts a drained pack as taken, so that it can be sent off.
    func adopt() { taken.update { $0 += 1 } }

    /// An uploaded pack's memory is free again.
    func recycle(_ builder: PackBuilder) {
        builder.reset()
        state.update { $0.spare.append(builder) }
    }

    /// Takes all open packs that hold something, when nobody adds any more.
    func drain() -> [PackBuilder] {
        state.update { state in
            defer { state.open = [] }
            state.spare += state.open.filter(\.isEmpty)
            return state.open.filter { !$0.isEmpty }
        }
    }

    /// Nothing is stored any more: whoever waits goes on with nil.
    func close() {
        state.update { $0.isClosed = true }
    }
}
