import Glibc
import ObjectStore

/// Standard input of this process.
enum StandardInput {
    private static let lane = BlockingLane(name: "input", threadCount: 1)

    /// The first line, without its end; nil when there is none. A line of more than `limit` bytes comes cut after one more.
    @Sendable static func line(_ limit: Int) async throws -> String? {
        try await lane.run { () throws(CommandError) in
            var bytes = [UInt8]()
            var byte: UInt8 = 0
            while bytes.count <= limit {
                let count = read(0, &byte, 1)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw CommandError.system(errno, "cannot read standard input", subject: "standard input")
                }
                if count == 0 {
                    if bytes.isEmpty { return nil }
                    break
                }
                if byte == 0x0A { break }
                bytes.append(byte)
            }
            if bytes.last == 0x0D { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
