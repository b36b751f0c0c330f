import Glibc
import Trees

/// A file or pipe that is open for reading; closed when it goes.
final class OpenFile: SourceFile {
    private let descriptor: Int32
    private let described: Metadata
    private let subject: String

    /// Takes over `descriptor`; `metadata` is what the file says of itself.
    init(owning descriptor: Int32, metadata: Metadata, subject: String) {
        self.descriptor = descriptor
        described = metadata
        self.subject = subject
    }

    deinit { close(descriptor) }

    func metadata() throws(TreeError) -> Metadata { described }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var filled = 0
        while filled < buffer.count {
            let count = Glibc.read(descriptor, base + filled, buffer.count - filled)
            if count == 0 { break }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw TreeError(.failed, "cannot read: \(errorText(errno))", subject: subject, errno: errno)
            }
            filled += count
        }
        return filled
    }
}

/// The text of an error number of the operating system.
func errorText(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { memory in
        guard let base = memory.baseAddress, strerror_r(number, base, memory.count) == 0 else {
            return "error \(number)"
        }
        let text = String(cString: base)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
