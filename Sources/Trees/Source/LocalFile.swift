import Glibc

/// A file of this machine, open for reading.
final class LocalFile: SourceFile {
    private let descriptor: Descriptor
    private let keepsAccessTime: Bool
    private let path: () -> String
    /// What the file said when it was opened, until it is asked for.
    private var first: Metadata?

    /// Takes over an open descriptor; throws `changedWhileReading` when it is no regular file.
    init(
        owning descriptor: consuming Descriptor, keepsAccessTime: Bool, path: @escaping () -> String
    ) throws(TreeError) {
        self.descriptor = descriptor
        self.keepsAccessTime = keepsAccessTime
        self.path = path
        let metadata = try ask()
        guard metadata.kind == .file else {
            throw TreeError(.changedWhileReading, "is no file any more", subject: path())
        }
        first = metadata
        // Read ahead further. Advice that is not taken changes nothing.
        _ = posix_fadvise(self.descriptor.number, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    func metadata() throws(TreeError) -> Metadata {
        if let metadata = first.take() { return metadata }
        return try ask()
    }

    private func ask() throws(TreeError) -> Metadata {
        guard let status = System.status(of: descriptor.number) else {
            throw TreeError.system(errno, "cannot look at the open file", path())
        }
        guard let metadata = Metadata(status, keepsAccessTime: keepsAccessTime) else {
            throw TreeError(.changedWhileReading, "is no file any more", subject: path())
        }
        return metadata
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let count = unsafe Glibc.read(descriptor.number, base + filled, buffer.count - filled)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw TreeError.system(errno, "cannot read the file", path())
            }
            filled += count
        }
        return filled
    }
}
