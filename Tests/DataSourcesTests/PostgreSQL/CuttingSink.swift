import Chunking
import Dispatch
import Trees

/// A stream in whose middle something happens: when its first MiB has come, and before anybody reads on. Stages have far more
/// to give than fits into the pipes and sockets on the way, so the tool is then certainly at work.
struct HarmedStream: StreamSource {
    let inner: any StreamSource
    let harm: @Sendable () async throws -> Void

    func stream(into sink: any StreamSink) throws {
        try inner.stream(into: CuttingSink(after: 1 << 20, into: sink, harm))
    }
}

/// Takes a stream, and does something once when that many bytes have come. Its thread waits for that: it must not be one of
/// the cooperative pool.
final class CuttingSink: StreamSink {
    private var left: Int
    private let inner: (any StreamSink)?
    private var action: (@Sendable () async throws -> Void)?

    init(
        after byteCount: Int, into inner: (any StreamSink)? = nil, _ action: @escaping @Sendable () async throws -> Void
    ) {
        left = byteCount
        self.inner = inner
        self.action = action
    }

    func file(_ path: [[UInt8]], _ metadata: Metadata, chunking: ChunkingPolicy) throws -> any StreamFile {
        File(self, try inner?.file(path, metadata, chunking: chunking))
    }
    func directory(_ path: [[UInt8]], _ metadata: Metadata) throws { try inner?.directory(path, metadata) }
    func symlink(_ path: [[UInt8]], _ metadata: Metadata, target: [UInt8]) throws {
        try inner?.symlink(path, metadata, target: target)
    }

    private func take(_ byteCount: Int) {
        left -= byteCount
        guard left <= 0, let action else { return }
        self.action = nil
        let done = DispatchSemaphore(value: 0)
        Task {
            // What it did shows in how the stream ends.
            try? await action()
            done.signal()
        }
        done.wait()
    }

    private final class File: StreamFile {
        let sink: CuttingSink
        let inner: (any StreamFile)?
        init(_ sink: CuttingSink, _ inner: (any StreamFile)?) {
            self.sink = sink
            self.inner = inner
        }
        func write(_ bytes: UnsafeRawBufferPointer) throws {
            try inner?.write(bytes)
            sink.take(bytes.count)
        }
        func finish() throws { try inner?.finish() }
    }
}
