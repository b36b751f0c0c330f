import FoundationEssentials
import Glibc

/// What a step of a drill said, all its attempts and verifications one after another; of what is too long, the end.
public struct StepLogText: Sendable, Hashable, Codable {
    /// So much of it is kept, bytes.
    public static let largestByteCount = 1 << 20

    /// The drill.
    public var drill: String
    /// The step's name in the runbook, or the decision's whose proposal it is.
    public var step: String
    /// The text, with a line before each script's. It may hold whatever scripts print.
    public var text: String
    /// Bytes before it that are not kept.
    public var omittedByteCount: Int

    enum CodingKeys: String, CodingKey {
        case drill, step, text
        case omittedByteCount = "omitted_byte_count"
    }

    /// Reads it from a drill's folder; nil when nothing is kept there of the step. Blocks for a moment.
    public init?(of step: String, attempts: Int, in folder: DrillFolder) {
        var (bytes, omitted) = ([UInt8](), 0)
        for attempt in 1...max(1, attempts) {
            for (name, words) in [(step, ""), (step + ".verify", ", verification")] {
                guard let (end, byteCount) = Self.end(of: folder.log(of: name, attempt: attempt)) else { continue }
                omitted += byteCount - end.count
                bytes += Array("-- attempt \(attempt)\(words)\n".utf8) + end
            }
        }
        guard !bytes.isEmpty else { return nil }
        omitted += max(0, bytes.count - Self.largestByteCount)
        drill = folder.id
        self.step = step
        text = String(decoding: bytes.suffix(Self.largestByteCount), as: UTF8.self)
        omittedByteCount = omitted
    }

    /// The text for a terminal: without what could move its cursor or write in its title.
    public var lines: [String] {
        let head = omittedByteCount > 0 ? ["-- \(omittedByteCount) bytes before this are not kept"] : []
        return head
            + text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                String(
                    String.UnicodeScalarView(
                        line.unicodeScalars.map { one in
                            one == "\t" || one.value >= 0x20 && !(0x7F..<0xA0).contains(one.value) ? one : "?"
                        }))
            }
    }

    /// The last bytes of a file, and how many it has; nil when it cannot be read.
    private static func end(of path: String) -> (bytes: [UInt8], byteCount: Int)? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let byteCount = Int(lseek(file, 0, SEEK_END))
        guard byteCount >= 0 else { return nil }
        let from = max(0, byteCount - largestByteCount)
        var bytes = [UInt8](repeating: 0, count: byteCount - from)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, off_t(from)) }
        return count < 0 ? nil : (Array(bytes.prefix(count)), byteCount)
    }
}
