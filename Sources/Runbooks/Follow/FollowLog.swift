import FoundationEssentials

/// The log of following a runbook: a JSON object a line.
public enum FollowLog {
    /// Why a log cannot be read.
    public struct Malformed: Error, Sendable, Hashable {
        /// The line, from 1.
        public let line: Int
    }

    /// A line with its end.
    public static func line(_ record: FollowRecord) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(record)) + [0x0A]
    }

    /// Reads a log. What was cut off at the end by a crash does not count: `byteCount` is where the last whole line ends.
    public static func read(_ bytes: [UInt8]) throws(Malformed) -> (records: [FollowRecord], byteCount: Int) {
        var records = [FollowRecord]()
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            // Why a line makes no sense does not matter: nobody but us writes them.
            guard let record = try? JSONDecoder().decode(FollowRecord.self, from: Data(bytes[start..<end])) else {
                throw Malformed(line: records.count + 1)
            }
            records.append(record)
            start = end + 1
        }
        return (records, start)
    }
}
