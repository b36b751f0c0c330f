import CLinux
import Glibc

extension LocalTreeSink: TreeSink {
    /// Opens a file in which runs of zeros become holes, if the options say so.
    public func openFile(_ path: [[UInt8]], byteCount: UInt64) throws(TreeError) -> any TreeSinkFile {
        try openFile(path, byteCount: byteCount, isSparse: options.makesSparse)
    }

    /// Opens a file for reading only; nil when there is none.
    public func openExisting(_ path: [[UInt8]]) throws(TreeError) -> (any TreeSinkFile)? {
        guard try existing(path)?.kind == .file else { return nil }
        let (directory, name) = try parent(path)
        let number = System.openToRead(directory.number, name, O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else {
            // Something else took its place since it was looked at.
            if errno == ENOENT || errno == ELOOP || errno == ENXIO { return nil }
            throw TreeError.system(errno, "cannot open the file", printable(path))
        }
        let opened = Descriptor(owning: number)
        guard let status = System.status(of: opened.number), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return SinkFile(
            owning: opened.release(), label: label(path), isNew: false,
            existingByteCount: UInt64(clamping: status.st_size), context: context(directory))
    }

    /// Writes a whole small file.
    public func writeFile(_ path: [[UInt8]], _ bytes: [UInt8], _ node: Node) throws(TreeError) -> [TreeError] {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(TreeError) in try unsafe writeFile(path, bytes, node: node) }
        }
        return try result.get()
    }

    /// Makes a symlink, device or FIFO. Throws `unsupported` for other kinds: restic does not restore sockets either.
    public func makeSpecial(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError] {
        switch node.metadata.kind {
        case .symlink: try makeSymlink(path, target: node.details.linkTarget)
        case .blockDevice, .characterDevice:
            try makeDevice(path, kind: node.metadata.kind, device: node.metadata.device)
        case .fifo: try makeFIFO(path)
        case .file, .directory, .socket:
            throw TreeError(
                .unsupported, "a \(node.metadata.kind.rawValue) is not made this way", subject: printable(path))
        }
        return try finish(path, node: node)
    }

    /// Sets a directory's metadata.
    public func finish(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError] {
        try finish(path, node: node)
    }

    /// Removes what is at a path and everything below it.
    public func remove(_ path: [[UInt8]]) throws(TreeError) {
        try remove(path, recursively: true)
    }
}

extension SinkFile: TreeSinkFile {
    /// Writes bytes, holes where they are zero if the options of the sink say so.
    public func write(_ bytes: [UInt8], at offset: UInt64) throws(TreeError) {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(TreeError) in
                if context.sink.options.makesSparse {
                    try unsafe writeSparse(bytes, at: offset)
                } else {
                    try unsafe write(bytes, at: offset)
                }
            }
        }
        try result.get()
    }

    /// Sets size and metadata, and closes the file.
    public func finish(_ node: Node) throws(TreeError) -> [TreeError] {
        try setByteCount(node.metadata.byteCount)
        let warnings = finishMetadata(node)
        try close()
        return warnings
    }
}
