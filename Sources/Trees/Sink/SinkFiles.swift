import CLinux
import Glibc

extension LocalTreeSink {
    /// Smaller files are not worth a call that reserves their space.
    private static let reserveLimit: UInt64 = 1 << 20

    /// Opens a file to be written.
    ///
    /// An existing file without further names is opened as it is, so that only what differs needs writing. Anything else in
    /// its place is removed and a new file made; `obstructed` when that is a directory that may not go. Space for `byteCount`
    /// bytes is reserved unless the file is to be sparse, so `noSpace` comes before the work.
    public func openFile(
        _ path: [[UInt8]], byteCount: UInt64, isSparse: Bool = false
    ) throws(TreeError) -> SinkFile {
        let (directory, name) = try parent(path)
        for _ in 0..<8 {
            if let file = try create(name, directory, path, flags: O_RDWR) {
                if !isSparse, byteCount >= LocalTreeSink.reserveLimit { try reserve(byteCount, file, path) }
                return file
            }
            if let file = openExisting(name, directory, path) { return file }
            try clear(name, in: directory, path)
        }
        throw TreeError.system(EEXIST, "cannot make the file", directories.printable(path))
    }

    /// A new file; nil when something has the name.
    private func create(
        _ name: [UInt8], _ directory: OpenDirectory, _ path: [[UInt8]], flags: Int32
    ) throws(TreeError) -> SinkFile? {
        let descriptor = System.open(directory.number, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        if descriptor < 0, errno == EEXIST { return nil }
        guard descriptor >= 0 else {
            throw TreeError.system(errno, "cannot make the file", directories.printable(path))
        }
        return SinkFile(
            owning: descriptor, label: label(path), isNew: true, existingByteCount: 0,
            context: context(directory))
    }

    func label(_ path: [[UInt8]]) -> SinkLabel { SinkLabel(directories: directories, path: path) }

    func context(_ directory: OpenDirectory) -> MetadataContext {
        MetadataContext(sink: self, mayHaveInherited: directory.givesACL)
    }

    /// The existing file, if it can be written in place: a regular file with one name. For its owner alone from here on.
    private func openExisting(_ name: [UInt8], _ directory: OpenDirectory, _ path: [[UInt8]]) -> SinkFile? {
        // Looked at first: opening a device may already do something to it.
        guard let seen = System.status(directory.number, name), seen.st_mode & S_IFMT == S_IFREG, seen.st_nlink == 1
        else { return nil }
        let descriptor = System.open(directory.number, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let opened = Descriptor(owning: descriptor)
        guard let status = System.status(of: opened.number), status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1,
            fchmod(opened.number, 0o600) == 0
        else { return nil }
        return SinkFile(
            owning: opened.release(), label: label(path), isNew: false,
            existingByteCount: UInt64(clamping: status.st_size), context: context(directory))
    }

    private func reserve(_ byteCount: UInt64, _ file: SinkFile, _ path: [[UInt8]]) throws(TreeError) {
        guard let byteCount = off_t(exactly: byteCount), lb_reserve(file.descriptor, byteCount) != 0 else { return }
        // Where space cannot be reserved the file is written without; where there is none it is said at once.
        if errno == ENOSPC || errno == EDQUOT || errno == EFBIG {
            throw TreeError.system(errno, "cannot make the file", directories.printable(path))
        }
    }

    /// Makes a whole small file at once, replacing what is there, with its metadata: six system calls for a new one.
    ///
    /// Warnings tell what of the metadata could not be set.
    public func writeFile(
        _ path: [[UInt8]], _ bytes: UnsafeRawBufferPointer, node: Node
    ) throws(TreeError) -> [TreeError] {
        let (directory, name) = try parent(path)
        for _ in 0..<8 {
            if let file = try create(name, directory, path, flags: O_WRONLY) {
                try unsafe writeAll(bytes, to: file)
                let warnings = file.finishMetadata(node)
                try file.close()
                return warnings
            }
            try clear(name, in: directory, path)
        }
        throw TreeError.system(EEXIST, "cannot make the file", directories.printable(path))
    }

    /// Writes a whole file; one that ends with a hole needs to be told its size.
    private func writeAll(_ bytes: UnsafeRawBufferPointer, to file: SinkFile) throws(TreeError) {
        guard options.makesSparse, bytes.count >= SparseScan.blockByteCount else {
            return try unsafe file.write(bytes, at: 0)
        }
        try unsafe file.writeSparse(bytes, at: 0)
        if unsafe bytes.last == 0 { try file.setByteCount(UInt64(bytes.count)) }
    }
}
