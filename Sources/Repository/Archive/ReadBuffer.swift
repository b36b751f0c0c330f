/// Memory that files are read into and that blobs are stored from, without a copy between: the scanner fills it, a worker
/// stores its pieces, then it is used again.
///
/// Safe and Sendable: it belongs to one thread at a time, handed over through a queue, and the pointer never leaves it.
@safe final class ReadBuffer: @unchecked Sendable {
    private var base: UnsafeMutableRawBufferPointer

    init(byteCount: Int) { unsafe base = .allocate(byteCount: byteCount, alignment: 4096) }

    deinit { unsafe base.deallocate() }

    var byteCount: Int { unsafe base.count }

    /// The bytes of a range, which must lie inside.
    func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe body(UnsafeRawBufferPointer(rebasing: base[range]))
    }

    /// The bytes of a range, to be filled.
    func fill<R, E: Error>(_ range: Range<Int>, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[range]))
    }

    /// Copies a range of another buffer, or of this one, to the front.
    func copy(_ range: Range<Int>, of other: ReadBuffer) {
        unsafe base.baseAddress?.copyMemory(
            from: UnsafeRawPointer(other.base.baseAddress.unsafelyUnwrapped + range.lowerBound), byteCount: range.count)
    }

    /// Makes room for at least `byteCount` bytes; what it holds stays.
    func grow(to byteCount: Int) {
        guard unsafe byteCount > base.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(base))
        unsafe base.deallocate()
        unsafe base = larger
    }
}

/// A fixed number of buffers; taking one waits until one is free, which slows the reader to the pace of the workers.
final class ReadBufferPool: Sendable {
    private struct State {
        var idle: [ReadBuffer] = []
        var made = 0
        var isClosed = false
    }

    private let limit: Int
    private let byteCount: Int
    private let state = Monitor(State())

    init(limit: Int, byteCount: Int) {
        self.limit = limit
        self.byteCount = byteCount
    }

    /// nil once the pool is closed.
    func take() -> ReadBuffer? {
        state.wait { state -> ReadBuffer?? in
            if state.isClosed { return .some(nil) }
            if let buffer = state.idle.popLast() { return buffer }
            guard state.made < self.limit else { return nil }
            state.made += 1
            return ReadBuffer(byteCount: self.byteCount)
        } ?? nil
    }

    func putBack(_ buffer: ReadBuffer) { state.update { $0.idle.append(buffer) } }

    func close() { state.update { $0.isClosed = true } }
}
