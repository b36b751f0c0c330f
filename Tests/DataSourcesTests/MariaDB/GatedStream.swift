import Chunking
import Glibc
import Synchronization
import Trees

/// A place where one thread stops until another has done something.
final class Gate: Sendable {
    private let reachedEnds: (Int32, Int32)
    private let openEnds: (Int32, Int32)
    private let state = Mutex((isReached: false, isOpen: false))

    init() {
        var one: [Int32] = [0, 0]
        var other: [Int32] = [0, 0]
        guard pipe(&one) == 0, pipe(&other) == 0 else { fatalError("no pipes") }
        (reachedEnds, openEnds) = ((one[0], one[1]), (other[0], other[1]))
    }

    var isReached: Bool { state.withLock { $0.isReached } }

    /// Says that it is reached, and blocks until it opens.
    func pass() {
        let isFirst = state.withLock { state in
            defer { state.isReached = true }
            return !state.isReached
        }
        if isFirst { _ = write(reachedEnds.1, "x", 1) }
        var byte: UInt8 = 0
        if state.withLock({ !$0.isOpen }) { _ = read(openEnds.0, &byte, 1) }
    }

    func open() {
        let isFirst = state.withLock { state in
            defer { state.isOpen = true }
            return !state.isOpen
        }
        if isFirst { _ = write(openEnds.1, "xx", 2) }
    }

    /// Nobody will come: whoever waits is told so.
    func abandon() { if !isReached { _ = write(reachedEnds.1, "x", 1) } }

    /// False when it was abandoned.
    func waitUntilReached() async -> Bool {
        let end = reachedEnds.0
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let thread = GateThread(end: end) { continuation.resume() }
            thread.start()
        }
        return isReached
    }
}

/// Waits for a byte on a thread of its own.
private final class GateThread: Sendable {
    let end: Int32
    let done: @Sendable () -> Void

    init(end: Int32, done: @escaping @Sendable () -> Void) {
        self.end = end
        self.done = done
    }

    func start() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let waiter = Unmanaged<GateThread>.fromOpaque(argument).takeRetainedValue()
                var byte: UInt8 = 0
                _ = read(waiter.end, &byte, 1)
                waiter.done()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }
}

/// A stream that stops at a gate when the first bytes of a table called `big` come; `.new` when InnoDB had only just made it.
struct GatedStream: StreamSource {
    let inner: any StreamSource
    let gate: Gate

    func stream(into sink: any StreamSink) throws { try inner.stream(into: GatedSink(inner: sink, gate: gate)) }
}

private final class GatedSink: StreamSink {
    let inner: any StreamSink
    let gate: Gate

    init(inner: any StreamSink, gate: Gate) {
        self.inner = inner
        self.gate = gate
    }

    func file(_ path: [[UInt8]], _ metadata: Metadata, chunking: ChunkingPolicy) throws -> any StreamFile {
        let name = String(decoding: path.last ?? [], as: UTF8.self)
        if ["big.ibd", "big.new", "big.sql"].contains(name) { gate.pass() }
        return try inner.file(path, metadata, chunking: chunking)
    }

    func directory(_ path: [[UInt8]], _ metadata: Metadata) throws { try inner.directory(path, metadata) }

    func symlink(_ path: [[UInt8]], _ metadata: Metadata, target: [UInt8]) throws {
        try inner.symlink(path, metadata, target: target)
    }
}
