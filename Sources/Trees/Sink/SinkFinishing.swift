import CLinux
import Glibc

extension LocalTreeSink {
    /// Gives what was made its owner, extended attributes (others are removed), mode and, last, its times.
    ///
    /// Directories come after everything in them. What could not be set comes back as warnings; throws when the thing itself
    /// is not there or is of another kind. An empty path is the root.
    public func finish(_ path: [[UInt8]], node: Node) throws(TreeError) -> [TreeError] {
        if path.isEmpty { return finish(directories.root.number, node, mayHaveInherited: true, path) }
        let (directory, name) = try parent(path)
        switch node.metadata.kind {
        case .directory:
            let opened = try open(name, directory, path, O_DIRECTORY)
            return finish(opened.number, node, mayHaveInherited: true, path)
        case .file:
            let opened = try open(name, directory, path, O_NONBLOCK)
            guard System.status(of: opened.number).map({ $0.st_mode & S_IFMT == S_IFREG }) == true else {
                throw replaced(path)
            }
            return finish(opened.number, node, mayHaveInherited: true, path)
        case .symlink, .blockDevice, .characterDevice, .fifo, .socket:
            guard let status = System.status(directory.number, name) else {
                throw TreeError.system(errno, "cannot set metadata", directories.printable(path))
            }
            guard NodeKind(mode: status.st_mode) == node.metadata.kind else { throw replaced(path) }
            var writer = MetadataWriter(context(directory), label(path))
            writer.apply(node, to: name, in: directory.number)
            return writer.warnings
        }
    }

    private func finish(_ descriptor: Int32, _ node: Node, mayHaveInherited: Bool, _ path: [[UInt8]]) -> [TreeError] {
        let context = MetadataContext(sink: self, mayHaveInherited: mayHaveInherited)
        var writer = MetadataWriter(context, label(path))
        writer.apply(node, to: descriptor, isNew: false)
        return writer.warnings
    }

    private func open(
        _ name: [UInt8], _ directory: OpenDirectory, _ path: [[UInt8]], _ flags: Int32
    ) throws(TreeError) -> Descriptor {
        let descriptor = System.open(directory.number, name, O_RDONLY | O_NOFOLLOW | flags)
        guard descriptor >= 0 else {
            if errno == ELOOP || errno == ENOTDIR || errno == ENXIO { throw replaced(path) }
            throw TreeError.system(errno, "cannot set metadata", directories.printable(path))
        }
        return Descriptor(owning: descriptor)
    }

    private func replaced(_ path: [[UInt8]]) -> TreeError {
        TreeError(
            .obstructed, "something else took the place of what was restored", subject: directories.printable(path),
            hint: "see who else writes to the target")
    }
}
