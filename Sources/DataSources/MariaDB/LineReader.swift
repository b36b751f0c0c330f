import Glibc

/// Gives the lines of a stream, each with its line feed; the last may lack one.
struct LineReader {
    private static let longestLine = 2 << 30
    private let input: (UnsafeMutableRawBufferPointer) throws -> Int
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var used = 0

    init(_ input: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) { self.input = input }

    /// Calls `body` with each line.
    ///
    /// - Throws: `malformedStream` for a line beyond 2 GiB, which no row can be; else what input or `body` throw.
    mutating func forEachLine(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while true {
            if used == buffer.count {
                guard buffer.count < LineReader.longestLine else {
                    throw SourceError(.malformedStream, "a line is longer than 2 GiB", subject: "mariadb-dump")
                }
                buffer += [UInt8](repeating: 0, count: buffer.count)
            }
            let start = used
            let count = try buffer.withUnsafeMutableBytes { bytes in
                try input(UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
            }
            used += count
            let taken = try lines(body, isEnd: count == 0)
            buffer.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress, taken > 0 else { return }
                memmove(base, base + taken, used - taken)
            }
            used -= taken
            if count == 0 { return }
        }
    }

    private func lines(_ body: (UnsafeRawBufferPointer) throws -> Void, isEnd: Bool) throws -> Int {
        try buffer.withUnsafeBytes { bytes in
            var at = 0
            while at < used, let base = bytes.baseAddress {
                let end: Int
                if let feed = memchr(base + at, 0x0A, used - at) {
                    end = base.distance(to: feed) + 1
                } else if isEnd {
                    end = used
                } else {
                    break
                }
                try body(UnsafeRawBufferPointer(rebasing: bytes[at..<end]))
                at = end
            }
            return at
        }
    }
}
