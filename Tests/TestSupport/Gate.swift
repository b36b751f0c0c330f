/// Lets so many through at once; the others wait their turn.
public actor Gate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A gate of at least one.
    public init(width: Int) { free = width }

    /// Waits for a place, does the work, and makes room for the next.
    public func passing<R: Sendable>(_ body: @Sendable () async throws -> R) async rethrows -> R {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
        defer {
            if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }
}
