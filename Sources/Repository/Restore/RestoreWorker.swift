import ObjectStore
import Sealing
import Trees

/// A thread that takes batches of segments: finds out what the target lacks, fetches that pack by pack, opens it and writes it.
final class RestoreWorker {
    private let run: RestoreRun
    private let tools: CipherPool.Tools
    private var existing: [UInt8] = []

    init(run: RestoreRun) {
        self.run = run
        tools = CipherPool.Tools(key: run.indexed.repository.key)
    }

    func work() throws {
        while let batch = run.pop() {
            try run.flag.check()
            if run.settings.isDryRun { try preview(batch) } else { try restore(batch) }
        }
    }

    /// Counts what a restore would write, judging by size and time.
    private func preview(_ batch: [RestoreSegment]) throws {
        for segment in batch where segment.blobs.lowerBound == 0 {
            let file = segment.file
            do throws(TreeError) {
                let there = try run.sink.existing(file.path)
                let isSame = there.map {
                    $0.kind == .file && $0.byteCount == file.node.metadata.byteCount
                        && $0.modified == file.node.metadata.modified
                }
                run.progress.update { result in
                    if isSame ?? false {
                        result.unchangedFileCount += 1
                    } else {
                        result.writtenByteCount += file.node.metadata.byteCount
                    }
                }
            } catch {
                try run.fail(error)
            }
        }
    }

    private func restore(_ batch: [RestoreSegment]) throws {
        var wanted = PackRequests(table: run.indexed.table)
        var targets = [SegmentTarget?]()
        for segment in batch {
            do {
                let target = try target(for: segment)
                try ask(for: segment, target, number: targets.count, &wanted)
                targets.append(target)
            } catch {
                targets.append(nil)
                if segment.file.fail() { try run.fail(error, restoring: segment.file.path) }
            }
        }
        if run.isVerifying { return batch.forEach(concludeVerified) }
        try fetch(&wanted, &targets, batch)
        for (segment, target) in zip(batch, targets) { try conclude(segment, target) }
    }

    // MARK: What is there already

    private func target(for segment: RestoreSegment) throws -> SegmentTarget {
        let path = segment.file.path
        if run.isVerifying {
            // A file that only begins like the snapshot's is another one.
            let isSized = try run.sink.existing(path)?.byteCount == segment.file.node.metadata.byteCount
            guard isSized, let file = try segment.file.openExisting(in: run.sink) else { throw differs(segment) }
            return .file(file)
        }
        if segment.isWholeSmallFile {
            let there = try run.sink.existing(path)
            guard let there, there.kind == .file, there.byteCount == segment.file.node.metadata.byteCount else {
                return .memory([UInt8](repeating: 0, count: segment.byteCount))
            }
        }
        return .file(try segment.file.open(in: run.sink))
    }

    /// Asks for the blobs of a segment that the target does not hold yet.
    private func ask(
        for segment: RestoreSegment, _ target: SegmentTarget, number: Int, _ wanted: inout PackRequests
    ) throws {
        let table = run.indexed.table
        var offset = segment.offset
        for id in segment.file.node.content[segment.blobs] {
            guard let entry = table.find(id, .data) else { throw run.indexed.missing(id, .data) }
            let byteCount = table.place(of: entry).plainByteCount
            if case .file(let file) = target, !file.isNew, try holds(file, id, at: offset, byteCount) {
                offset += UInt64(byteCount)
                continue
            }
            guard !run.isVerifying else { throw differs(segment) }
            wanted.add(id, entry: entry, to: BlobTarget(segment: number, offset: offset))
            offset += UInt64(byteCount)
        }
    }

    private func differs(_ segment: RestoreSegment) -> TreeError {
        TreeError(
            .changedWhileReading, "the file differs from the snapshot after it was restored",
            subject: RawPath.printable(segment.file.path),
            hint:
                "something else wrote to it, or the disk gives back other bytes than were written: look at the kernel's log"
        )
    }

    private func holds(_ file: any TreeSinkFile, _ id: BlobID, at offset: UInt64, _ byteCount: Int) throws(TreeError)
        -> Bool
    {
        if existing.count < byteCount { existing = [UInt8](repeating: 0, count: byteCount) }
        let result = unsafe existing.withUnsafeMutableBytes { buffer in
            Result { () throws(TreeError) -> Bool in
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount])
                guard unsafe try file.read(at: offset, into: room) == byteCount else { return false }
                unsafe tools.hasher.update(UnsafeRawBufferPointer(room))
                return tools.hasher.finish() == id.digest
            }
        }
        return try result.get()
    }

    // MARK: Fetching

    private func fetch(_ wanted: inout PackRequests, _ targets: inout [SegmentTarget?], _ batch: [RestoreSegment])
        throws
    {
        for request in wanted.merged() {
            try run.flag.check()
            let bytes = try read(request)
            for blob in request.blobs { try write(blob, of: request, bytes, &targets, batch) }
        }
    }

    /// The bytes of a request; none when the pack cannot be read, so that each of its blobs is looked for elsewhere.
    private func read(_ request: PackRequests.Request) throws -> [UInt8] {
        let indexed = run.indexed
        let name = Layout.pack(indexed.table.packs[request.pack])
        let range = request.range
        do {
            return try Threads.wait { try await indexed.repository.store.get(name, range: range) }
        } catch {
            if run.endsAll(error) { throw error }
            return []
        }
    }

    private func write(
        _ blob: PackRequests.Blob, of request: PackRequests.Request, _ bytes: [UInt8],
        _ targets: inout [SegmentTarget?],
        _ batch: [RestoreSegment]
    ) throws {
        do {
            let plain = try open(blob, of: request, bytes)
            for place in blob.targets {
                let segment = batch[place.segment]
                segment.file.addWritten(plain.count)
                try targets[place.segment]?.write(plain, at: place.offset, in: segment)
            }
        } catch {
            if run.endsAll(error) { throw error }
            for place in blob.targets where batch[place.segment].file.fail() {
                try run.fail(error, restoring: batch[place.segment].file.path, blob: blob.id)
            }
        }
    }

    /// The plain blob: from the bytes just fetched, else from another place that holds it. Its length is the one that offsets
    /// were reckoned with.
    private func open(_ blob: PackRequests.Blob, of request: PackRequests.Request, _ bytes: [UInt8]) throws -> [UInt8] {
        let start = Int(blob.place.range.lowerBound - request.range.lowerBound)
        let end = start + Int(blob.place.byteCount)
        if end <= bytes.count,
            let plain = try? tools.blob(bytes[start..<end], id: blob.id, compressedFrom: blob.place.compressedFrom)
        {
            return plain
        }
        // Losing the error is right: `blob` reads it again and throws what it finds, unless a copy elsewhere is whole.
        let indexed = run.indexed
        let id = blob.id
        let plain = try Threads.wait { try await indexed.blob(id, .data) }
        guard plain.count == blob.place.plainByteCount else {
            throw RepositoryError(
                .indexDamaged,
                "indexes give blob \(id.short) \(blob.place.plainByteCount) bytes, and it has \(plain.count)",
                subject: indexed.repository.location, hint: "run `lifeboat repair index`, then restore again")
        }
        return plain
    }

    // MARK: The end of a segment

    private func conclude(_ segment: RestoreSegment, _ target: SegmentTarget?) throws {
        guard let (open, hasFailed, writtenByteCount) = segment.file.completeSegment() else { return }
        let file = segment.file
        guard !hasFailed else { return }
        do throws(TreeError) {
            if case .memory(let bytes)? = target {
                run.warn(try run.sink.writeFile(file.path, bytes, file.node))
            } else if let open {
                run.warn(try open.finish(file.node))
            }
        } catch {
            try run.fail(error)
            return
        }
        run.progress.update { result in
            result.writtenByteCount += writtenByteCount
            if writtenByteCount == 0, open != nil { result.unchangedFileCount += 1 }
        }
    }

    private func concludeVerified(_ segment: RestoreSegment) {
        guard let (_, hasFailed, _) = segment.file.completeSegment(), !hasFailed else { return }
        run.progress.update { $0.verifiedFileCount += 1 }
    }
}
