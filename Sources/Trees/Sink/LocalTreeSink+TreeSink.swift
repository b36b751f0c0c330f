import CLinux
import Glibc

extension LocalTreeSink: TreeSink {
    /// Opens a file in which runs of zeros become holes.
    public func openFile(_ path: [[UInt8]], byteCount: UInt64) throws(TreeError) -> any TreeSinkFile {
        try openFile(path, byteCount: byteCount, isSparse: true)
    }

    /// Opens a file for reading only; nil when there is none.
    public func openExisting(_ path: [[UInt8]]) throws(TreeError) -> (any TreeSinkFile)? {
        guard try existing(path)?.kind == .file else { return nil }
        let (directory, name) = try parent(path)
        let descriptor = System.open(directory.number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw TreeError.system(errno, "cannot open the file", printable(path)) }
        return SinkFile(
            owning: descriptor, label: label(path), isNew: false, existingByteCount: 0, context: context(directory))
    }

    /// Writes a whole small file.
    public func writeFile(_ path: [[UInt8]], _ bytes: [UInt8], _ node: Node) throws(TreeError) -> [TreeError] {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(TreeError) in try unsafe writeFile(path, bytes, node: node) }
        }
        return try result.get()
    }

    /// Makes a symlink, device or FIFO.
    public func makeSpecial(_ path: [[UInt8]], _ node: Node) throws(TreeError) -> [TreeError] {
        switch node.metadata.kind {
        case .symlink: try makeSymlink(path, target: node.details.linkTarget)
        case .blockDevice, .characterDevice:
            try makeDevice(path, kind: node.metadata.kind, device: node.metadata.device)
        case .fifo: try makeFIFO(path)
        case .file, .directory, .socket:
            preconditionFailure("files and directories have calls of their own, sockets are not restored")
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
    /// Writes bytes, holes where they are zero.
    public func write(_ bytes: [UInt8], at offset: UInt64) throws(TreeError) {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(TreeError) in try unsafe writeSparse(bytes, at: offset) }
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
