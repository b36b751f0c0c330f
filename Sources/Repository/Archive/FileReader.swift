import Chunking
import Trees

/// Reads files into buffers and cuts them. Small files share a buffer; a large one fills several, each continuing where the
/// last cut of the one before ended. Used by the scanner's thread.
final class FileReader {
    /// A buffer with more pieces than this is handed on, so that no worker waits for the others.
    private static let piecesPerBuffer = 128

    private let run: ArchiveRun
    private var buffer: ReadBuffer?
    private var used = 0
    private var pieces: [Piece] = []

    init(run: ArchiveRun) { self.run = run }

    /// Reads a file to its end, or to the size it had when it was opened if it grows meanwhile.
    func read(_ file: any SourceFile, _ entry: SourceEntry, into job: FileJob) throws {
        do throws(TreeError) {
            let size = try file.metadata().byteCount
            try readAll(file, size: size, run.cutters.cutter(for: entry.chunking, byteCount: size), into: job)
        } catch {
            run.fail(error)
            finish(job, hasFailed: true)
            return
        }
        try run.flag.check()
        finish(job, hasFailed: false)
    }

    private func finish(_ job: FileJob, hasFailed: Bool) {
        if job.read(hasFailed: hasFailed) { run.finish(job) }
    }

    private func readAll(
        _ file: any SourceFile, size: UInt64, _ cutter: any Cutter, into job: FileJob
    ) throws(TreeError) {
        var left = size
        var start = try begin(size)
        var filled = start
        while left > 0, !run.flag.isRaised, let buffer {
            // A file that is still growing is taken as it was when it was opened; a stream (size unknown) is read to its end.
            let want = Int(min(UInt64(buffer.byteCount - filled), left))
            let count = try unsafe buffer.fill(filled..<filled + want) { (room) throws(TreeError) in
                try unsafe file.read(into: room)
            }
            filled += count
            left = count < want ? 0 : left - UInt64(count)
            start = cut(start..<filled, isEnd: left == 0, cutter, buffer, job)
            used = start
            if left > 0 { (start, filled) = continueInNext(start..<filled, largest: cutter.maximumByteCount) }
        }
    }

    /// Makes sure that a buffer with a fair amount of room is there; gives the place to read to.
    private func begin(_ size: UInt64) throws(TreeError) -> Int {
        if let buffer, used > 0,
            pieces.count >= FileReader.piecesPerBuffer || UInt64(buffer.byteCount - used) < min(size, 1 << 20)
        {
            send()
        }
        if buffer == nil {
            buffer = run.buffers.take()
            used = 0
        }
        return used
    }

    /// Cuts what is certain; gives where the next chunk begins.
    private func cut(_ range: Range<Int>, isEnd: Bool, _ cutter: any Cutter, _ buffer: ReadBuffer, _ job: FileJob)
        -> Int
    {
        var start = range.lowerBound
        let largest = cutter.maximumByteCount
        while start < range.upperBound {
            let window = start..<min(range.upperBound, start + largest)
            let length = unsafe buffer.withBytes(window) { unsafe cutter.nextLength(in: $0) }
            // A cut at the end of what has been read is no cut when more may follow.
            if length == window.count, length < largest, !isEnd { break }
            pieces.append(Piece(range: start..<start + length, file: job, slot: job.expect(length)))
            run.progress.addBytes(length)
            start += length
        }
        return start
    }

    /// The buffer is full and ends within a chunk: goes on in another buffer that begins with this chunk, or makes this one
    /// larger when it holds nothing else.
    private func continueInNext(_ tail: Range<Int>, largest: Int) -> (start: Int, filled: Int) {
        guard let old = buffer else { return (tail.lowerBound, tail.upperBound) }
        guard !pieces.isEmpty else {
            old.grow(to: min(old.byteCount * 2, max(largest, old.byteCount)))
            return (tail.lowerBound, tail.upperBound)
        }
        guard let next = run.buffers.take() else { return (tail.lowerBound, tail.upperBound) }
        next.grow(to: tail.count)
        next.copy(tail, of: old)
        send()
        buffer = next
        used = 0
        return (0, tail.count)
    }

    /// Hands the buffer to the workers.
    private func send() {
        if let buffer { run.push(.pieces(buffer, pieces)) }
        buffer = nil
        used = 0
        pieces = []
    }

    /// Hands on what is left.
    func flush() throws {
        if pieces.isEmpty {
            if let buffer { run.buffers.putBack(buffer) }
            buffer = nil
        } else {
            send()
        }
    }
}
