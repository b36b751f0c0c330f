import Chunking
import Sealing
import Trees

/// Takes what a stream source pushes: keeps the directories that come to light, cuts the files and hands the pieces on.
final class StreamScanner: StreamSink {
    private let run: ArchiveRun
    private let source: any StreamSource
    private let root = StreamDirectory(job: DirectoryJob(parent: nil, slot: 0, node: nil, before: nil))
    private let sender: PieceSender
    private var openCount = 0

    init(run: ArchiveRun, source: any StreamSource) {
        self.run = run
        self.source = source
        sender = PieceSender(run: run)
    }

    /// Lets the source push everything, then finishes all directories.
    func scan() throws {
        try source.stream(into: self)
        try run.flag.check()
        guard openCount == 0 else {
            throw RepositoryError(
                .sourceFailed, "the stream ended within \(openCount) of its files", subject: run.settings.streamName)
        }
        sender.flush()
        finish(root)
    }

    /// Depth first, so that a directory's job knows all its entries before it is called complete.
    private func finish(_ directory: StreamDirectory) {
        for child in directory.children.values { finish(child) }
        if directory.job.listed() { run.push(.directory(directory.job)) }
    }

    // MARK: StreamSink

    func file(_ path: [[UInt8]], _ metadata: Metadata, chunking: ChunkingPolicy) throws -> any StreamFile {
        try run.flag.check()
        let (directory, name) = try place(path)
        let job = FileJob(
            directory: directory.job, slot: directory.job.expect(name), node: node(name, metadata), isNew: true)
        openCount += 1
        let cutters = run.cutters
        let cutter: (UInt64) -> any Cutter = { offset in
            // A dump is cut by how far it has come, all else by its size.
            cutters.cutter(for: chunking, byteCount: chunking == .dump ? offset : metadata.byteCount)
        }
        return CutFile(job: job, cutter: cutter, sender: sender) { [self] in
            openCount -= 1
            if job.read(hasFailed: false) { run.finish(job) }
        }
    }

    func directory(_ path: [[UInt8]], _ metadata: Metadata) throws {
        guard !path.isEmpty else { return }
        let directory = try descend(path)
        guard !directory.isNamed else { throw StreamScanner.twice(path) }
        directory.isNamed = true
        directory.job.describe(metadata)
    }

    func symlink(_ path: [[UInt8]], _ metadata: Metadata, target: [UInt8]) throws {
        let (directory, name) = try place(path)
        var node = node(name, metadata)
        node.details.linkTarget = target
        run.complete(directory.job, directory.job.expect(name), node)
    }

    // MARK: Places

    /// The directory that `path` belongs in and its name there, which must be new.
    private func place(_ path: [[UInt8]]) throws -> (StreamDirectory, [UInt8]) {
        guard let name = path.last, RawName.isSafe(name) else { throw StreamScanner.unsafe(path) }
        let directory = try descend(Array(path.dropLast()))
        guard directory.names.insert(name).inserted else { throw StreamScanner.twice(path) }
        return (directory, name)
    }

    private func descend(_ path: [[UInt8]]) throws -> StreamDirectory {
        var directory = root
        for name in path {
            if let child = directory.children[name] {
                directory = child
                continue
            }
            guard RawName.isSafe(name) else { throw StreamScanner.unsafe(path) }
            guard directory.names.insert(name).inserted else { throw StreamScanner.twice(path) }
            let slot = directory.job.expect(name)
            let unnamed = Metadata(kind: .directory, permissions: 0o755, modified: run.settings.streamTime)
            let child = StreamDirectory(
                job: DirectoryJob(parent: directory.job, slot: slot, node: node(name, unnamed), before: nil))
            directory.children[name] = child
            directory = child
        }
        return directory
    }

    private func node(_ name: [UInt8], _ metadata: Metadata) -> Node {
        var metadata = metadata
        if !run.settings.keepsAccessTimes { metadata.accessed = metadata.modified }
        return Node(name: name, metadata: metadata, details: NodeDetails())
    }

    private static func twice(_ path: [[UInt8]]) -> RepositoryError {
        RepositoryError(.sourceFailed, "the stream holds this path twice", subject: RawPath.printable(path))
    }

    private static func unsafe(_ path: [[UInt8]]) -> RepositoryError {
        RepositoryError(.sourceFailed, "the stream holds a path that cannot be one", subject: RawPath.printable(path))
    }
}

/// A directory of the stream, known as far as its paths have come.
private final class StreamDirectory {
    let job: DirectoryJob
    var isNamed = false
    var names = Set<[UInt8]>()
    var children: [[UInt8]: StreamDirectory] = [:]

    init(job: DirectoryJob) { self.job = job }
}

/// A file of a stream: gathers bytes until the next cut is certain.
private final class CutFile: StreamFile {
    /// Bytes are cut in runs of this length, so that little is moved to the front again.
    private static let runByteCount = 1 << 20

    private let job: FileJob
    private let cutterFrom: (UInt64) -> any Cutter
    private var cutter: any Cutter
    private var offset: UInt64 = 0
    private let sender: PieceSender
    private let onFinish: () -> Void
    private var pending: [UInt8] = []

    init(
        job: FileJob, cutter: @escaping (UInt64) -> any Cutter, sender: PieceSender, onFinish: @escaping () -> Void
    ) {
        self.job = job
        cutterFrom = cutter
        self.cutter = cutter(0)
        self.sender = sender
        self.onFinish = onFinish
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        unsafe pending.append(contentsOf: bytes)
        if pending.count >= cutter.maximumByteCount + CutFile.runByteCount { try cut(isEnd: false) }
    }

    func finish() throws {
        try cut(isEnd: true)
        onFinish()
    }

    private func cut(isEnd: Bool) throws {
        var start = 0
        let largest = cutter.maximumByteCount
        try unsafe pending.withUnsafeBytes { bytes in
            while start < bytes.count, isEnd || bytes.count - start >= largest {
                let window = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + largest)])
                let length = unsafe cutter.nextLength(in: window)
                try unsafe sender.send(UnsafeRawBufferPointer(rebasing: window[..<length]), of: job)
                start += length
            }
        }
        pending.removeFirst(start)
        offset += UInt64(start)
        cutter = cutterFrom(offset)
    }
}

/// Copies pieces of any file into buffers and hands these to the workers when they are full.
private final class PieceSender {
    private static let piecesPerBuffer = 128

    private let run: ArchiveRun
    private var buffer: ReadBuffer?
    private var used = 0
    private var pieces: [Piece] = []

    init(run: ArchiveRun) { self.run = run }

    func send(_ bytes: UnsafeRawBufferPointer, of job: FileJob) throws {
        try run.flag.check()
        if let buffer, buffer.byteCount - used < bytes.count || pieces.count >= PieceSender.piecesPerBuffer { flush() }
        if buffer == nil { buffer = run.buffers.take() }
        guard let buffer else { return try run.flag.check() }
        buffer.grow(to: bytes.count)
        let range = used..<used + bytes.count
        unsafe buffer.fill(range) { unsafe $0.copyMemory(from: bytes) }
        pieces.append(Piece(range: range, file: job, slot: job.expect(bytes.count)))
        run.progress.addBytes(bytes.count)
        used += bytes.count
    }

    func flush() {
        if let buffer { run.push(.pieces(buffer, pieces)) }
        buffer = nil
        used = 0
        pieces = []
    }
}
