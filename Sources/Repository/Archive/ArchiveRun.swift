import Chunking
import Sealing
import Synchronization
import Trees

/// What is archived: asked for its files one by one, or pushing them.
enum ArchiveInput: Sendable {
    case tree(any TreeSource)
    case stream(any StreamSource)
}

/// One backup while it runs: what scanner and workers share.
final class ArchiveRun: Sendable {
    let source: ArchiveInput
    let indexed: IndexedRepository
    let settings: ArchiveSettings
    let progress: ArchiveProgress
    let writer: BlobWriter
    let cutters: CutterSet
    let buffers: ReadBufferPool
    let flag = StopFlag()
    private let queue: BoundedQueue<ArchiveWork>
    private let root = Mutex<BlobID?>(nil)
    private let failure = Mutex<(any Error)?>(nil)

    init(
        _ source: ArchiveInput, _ indexed: IndexedRepository, _ settings: ArchiveSettings,
        _ progress: ArchiveProgress,
        under lock: RepositoryLock?
    ) {
        self.source = source
        self.indexed = indexed
        self.settings = settings
        self.progress = progress
        writer = BlobWriter(indexed, settings: settings.writer, isDryRun: settings.isDryRun, lock: lock)
        cutters = indexed.repository.cutters(usesRabin: settings.usesRabin)
        buffers = ReadBufferPool(limit: settings.writer.threadCount + 2, byteCount: 2 << 20)
        // Workers push too, so the queue must not make them wait; the buffers bound what lies in it.
        queue = BoundedQueue(limit: .max) { _ in 0 }
    }

    /// Runs scanner and workers on threads of their own and waits for them.
    func run() async throws -> ArchiveResult {
        do {
            try await withTaskCancellationHandler {
                try await runThreads()
            } onCancel: {
                stop()
            }
            try Task.checkCancellation()
            let totals = try await writer.finish()
            return try result(totals)
        } catch {
            await writer.abort()
            throw failure.withLock { $0 } ?? error
        }
    }

    private func runThreads() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<settings.writer.threadCount {
                group.addTask {
                    try await Threads.run("store-\(number)") {
                        try self.guarded { try ArchiveWorker(run: self).work() }
                    }
                }
            }
            try await Threads.run("scan") {
                try self.guarded {
                    switch self.source {
                    case .tree(let tree): try Scanner(run: self, source: tree).scan()
                    case .stream(let stream): try StreamScanner(run: self, source: stream).scan()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Whatever fails first ends all threads and is what the caller hears of.
    private func guarded(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            failure.withLock { $0 = $0 ?? error }
            stop()
            throw error
        }
    }

    private func stop() {
        flag.raise()
        queue.close(dropping: true)
        buffers.close()
        writer.close()
    }

    private func result(_ totals: WriterTotals) throws -> ArchiveResult {
        guard let tree = root.withLock({ $0 }) else {
            preconditionFailure("all threads ended well and the root was not finished")
        }
        return ArchiveResult(
            tree: tree, summary: progress.summary(totals), totals: totals, failureCount: progress.failureCount)
    }

    // MARK: For scanner and workers

    func push(_ work: ArchiveWork) { _ = queue.push(work) }

    func pop() -> ArchiveWork? { queue.pop() }

    /// Reports something that cannot be read; the backup goes on without it.
    func fail(_ error: TreeError) {
        progress.addFailure()
        settings.report(error)
    }

    /// Puts a node in its place in its directory.
    func complete(_ job: DirectoryJob, _ slot: Int, _ node: Node) {
        var raw = [UInt8]()
        TreeEncoder.append(node, to: &raw)
        if job.complete(slot, raw[...]) { push(.directory(job)) }
    }

    /// All pieces of a file are stored.
    func finish(_ job: FileJob) {
        guard let node = job.finished else {
            if job.directory.complete(job.slot, nil) { push(.directory(job.directory)) }
            return
        }
        progress.addFile(job.isNew ? .new : .changed)
        complete(job.directory, job.slot, node)
    }

    /// The root's tree is stored, so everything is: no work comes any more.
    func finishRoot(_ id: BlobID) {
        root.withLock { $0 = id }
        queue.close()
    }
}

/// A thread that hashes, compresses, seals and packs what the scanner has read.
struct ArchiveWorker {
    private let run: ArchiveRun
    private let tools: WriterTools

    init(run: ArchiveRun) {
        self.run = run
        tools = run.writer.tools()
    }

    func work() throws {
        while let work = run.pop() {
            try run.flag.check()
            switch work {
            case .pieces(let buffer, let pieces): try store(pieces, from: buffer)
            case .directory(let job): try finish(job)
            }
        }
    }

    private func store(_ pieces: [Piece], from buffer: ReadBuffer) throws {
        for piece in pieces {
            let id = try unsafe buffer.withBytes(piece.range) { bytes in
                try unsafe run.writer.store(bytes, .data, tools: tools).id
            }
            if piece.file.complete(piece.slot, id) { run.finish(piece.file) }
        }
        run.buffers.putBack(buffer)
    }

    /// Stores a directory's tree, and those above it that were waiting for it only.
    private func finish(_ job: DirectoryJob) throws {
        let id: BlobID
        if let unchanged = job.unchangedTree, run.indexed.table.holds(unchanged, .tree) {
            id = unchanged
        } else {
            let tree = job.takeTree()
            id = try unsafe tree.withUnsafeBytes { try unsafe run.writer.store($0, .tree, tools: tools).id }
        }
        guard let parent = job.parent, var node = job.node else { return run.finishRoot(id) }
        node.subtree = id
        var raw = [UInt8]()
        TreeEncoder.append(node, to: &raw)
        let isReused = job.before.map { $0.raw.elementsEqual(raw) } ?? false
        run.progress.addDirectory(job.before == nil ? .new : isReused ? .unchanged : .changed)
        if parent.complete(job.slot, raw[...], isReused: isReused) { run.push(.directory(parent)) }
    }
}
