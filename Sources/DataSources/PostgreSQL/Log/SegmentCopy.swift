import Glibc

/// Copies what counts of a segment and fills it up with zeros to its full length.
struct SegmentCopy {
    private let source: ReplayLog.File
    private let byteCount: UInt64

    init(from source: ReplayLog.File, byteCount: UInt64) {
        self.source = source
        self.byteCount = byteCount
    }

    func write(_ target: String) throws {
        let input = open(source.path, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw FileTree.failure("cannot open it", source.path) }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw FileTree.failure("cannot make it", target) }
        defer { close(output) }
        var rest = Int(min(source.endOffset ?? byteCount, byteCount))
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 1 << 12) { buffer in
            while rest > 0 {
                let count = Glibc.read(input, buffer.baseAddress, min(rest, buffer.count))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileTree.failure("cannot read it", source.path) }
                if count == 0 { break }
                try put(UnsafeRawBufferPointer(rebasing: buffer[..<count]), output, target)
                rest -= count
            }
        }
        guard ftruncate(output, Int(byteCount)) == 0 else {
            throw FileTree.failure("cannot make it longer", target)
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, _ output: Int32, _ target: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(output, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileTree.failure("cannot write it", target) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
