import CLinux
import Glibc
import Synchronization

/// A file of the target, open for writing. Threads may read and write different places of it at once; dropping it closes it.
public final class SinkFile: Sendable {
    private let number: Int32
    private let label: SinkLabel
    let context: MetadataContext
    private let isOpen = Atomic(true)

    /// Was it made now? Then all of it is a hole until it is written.
    public let isNew: Bool
    /// Size that an existing file had when it was opened, in bytes; 0 for a new one.
    public let existingByteCount: UInt64

    init(owning descriptor: Int32, label: SinkLabel, isNew: Bool, existingByteCount: UInt64, context: MetadataContext) {
        number = descriptor
        self.label = label
        self.isNew = isNew
        self.existingByteCount = existingByteCount
        self.context = context
    }

    /// The descriptor. Once closed its number may already name another file.
    var descriptor: Int32 {
        precondition(isOpen.load(ordering: .relaxed), "a file is not used after it was finished or closed")
        return number
    }

    deinit {
        if isOpen.load(ordering: .relaxed) { _ = Glibc.close(number) }
    }

    /// Fills `buffer` with bytes from `offset` on; fewer than it holds only at the end of the file.
    public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let place = try self.offset(offset, filled)
            let count = unsafe pread(descriptor, base + filled, buffer.count - filled, place)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw TreeError.system(errno, "cannot read the file", label.text)
            }
            filled += count
        }
        return filled
    }

    /// Writes all bytes from `offset` on.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(TreeError) {
        var written = 0
        while written < bytes.count, let base = bytes.baseAddress {
            let place = try self.offset(offset, written)
            let count = unsafe pwrite(descriptor, base + written, bytes.count - written, place)
            if count < 0 {
                if errno == EINTR { continue }
                throw TreeError.system(errno, "cannot write the file", label.text)
            }
            written += count
        }
    }

    /// Offsets come from a repository: only what a file can hold passes.
    private func offset(_ offset: UInt64, _ done: Int) throws(TreeError) -> off_t {
        let (sum, overflow) = offset.addingReportingOverflow(UInt64(done))
        guard !overflow, let place = off_t(exactly: sum) else {
            throw TreeError(.unsupported, "a file cannot be that large", subject: label.text)
        }
        return place
    }

    /// Writes bytes and leaves holes where 4 KiB blocks of the file are all zero: skipped in a new file, punched into an
    /// existing one. `setByteCount` gives the file its size when it ends with a hole.
    public func writeSparse(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(TreeError) {
        _ = try self.offset(offset, bytes.count)
        var scan = unsafe SparseScan(bytes, offset: offset)
        while let run = scan.next() {
            let place = offset + UInt64(run.range.lowerBound)
            if run.isHole {
                try makeHole(place, run.range.count)
            } else {
                try unsafe write(UnsafeRawBufferPointer(rebasing: bytes[run.range]), at: place)
            }
        }
    }

    private func makeHole(_ offset: UInt64, _ byteCount: Int) throws(TreeError) {
        if isNew || offset >= existingByteCount { return }
        if lb_punch_hole(descriptor, try self.offset(offset, 0), off_t(byteCount)) == 0 { return }
        guard errno == ENOTSUP || errno == ENOSYS else {
            throw TreeError.system(errno, "cannot make a hole", label.text)
        }
        var done = 0
        while done < byteCount {
            let count = min(byteCount - done, 65_536)
            let zeros = [UInt8](repeating: 0, count: count)
            let place = offset + UInt64(done)
            let result = unsafe zeros.withUnsafeBytes { bytes in
                Result { () throws(TreeError) in try unsafe write(bytes, at: place) }
            }
            try result.get()
            done += count
        }
    }

    /// Cuts the file off or extends it with a hole.
    public func setByteCount(_ byteCount: UInt64) throws(TreeError) {
        guard ftruncate(descriptor, try offset(byteCount, 0)) == 0 else {
            throw TreeError.system(errno, "cannot set the size of the file", label.text)
        }
    }

    /// Gives the file its owner, attributes, mode and times, in this order; what could not be set comes back as warnings.
    ///
    /// Last of all calls but `close`: writing changes times and takes away special bits.
    public func finishMetadata(_ node: Node) -> [TreeError] {
        var writer = MetadataWriter(context, label)
        writer.apply(node, to: descriptor, isNew: isNew)
        return writer.warnings
    }

    /// Closes the file and says whether that failed, as network file systems do for bytes written before. Nothing else may be
    /// under way.
    public func close() throws(TreeError) {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        guard Glibc.close(number) == 0 || errno == EINTR else {
            throw TreeError.system(errno, "cannot write the file", label.text)
        }
    }
}
