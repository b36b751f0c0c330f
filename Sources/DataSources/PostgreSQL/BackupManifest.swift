import FoundationEssentials
import Sealing

/// What `backup_manifest` says, once its own checksum has been proven.
///
/// Format: PostgreSQL documentation, 77. Backup Manifest Format.
struct BackupManifest: Sendable {
    /// A stretch of the log that the base needs.
    struct Range: Sendable, Hashable {
        let timeline: UInt32
        let start: LSN
        let end: LSN
    }

    /// Size of every file but the log, by its path below the data folder.
    let files: [String: UInt64]
    /// The log that must be replayed, oldest first; at least one.
    let ranges: [Range]

    /// Reads it.
    ///
    /// - Throws: `malformedStream` when it is cut off, was changed, or is no manifest.
    init(_ bytes: [UInt8]) throws {
        try BackupManifest.proveChecksum(bytes)
        let decoded: Decoded
        do {
            decoded = try JSONDecoder().decode(Decoded.self, from: Data(bytes))
        } catch {
            throw SourceError(.malformedStream, "it cannot be read: \(error)", subject: "backup_manifest", cause: error)
        }
        ranges = try decoded.ranges.map { range in
            guard let start = LSN(range.start), let end = LSN(range.end), start <= end, range.timeline > 0 else {
                throw BackupManifest.malformed("it names a stretch of the log that cannot be one")
            }
            return Range(timeline: range.timeline, start: start, end: end)
        }
        guard !ranges.isEmpty else { throw BackupManifest.malformed("it names no stretch of the log") }
        var files = [String: UInt64]()
        for file in decoded.files {
            guard let path = file.path ?? file.encodedPath.flatMap(BackupManifest.decoded) else {
                throw BackupManifest.malformed("it names a file without a path")
            }
            files[path] = file.size
        }
        self.files = files
    }

    /// The last line holds the SHA-256 of everything before it.
    private static func proveChecksum(_ bytes: [UInt8]) throws {
        guard bytes.last == 0x0A, let lineBreak = bytes.dropLast().lastIndex(of: 0x0A) else {
            throw malformed("it is cut off")
        }
        let line = String(decoding: bytes[(lineBreak + 1)...], as: UTF8.self)
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1] == "Manifest-Checksum", parts[2] == ": ", parts[4] == "}\n" else {
            throw malformed("it is cut off: its last line is no checksum")
        }
        guard Digest(hex: parts[3]) == SHA256.digest(bytes[...lineBreak]) else {
            throw malformed("its checksum does not fit its content")
        }
    }

    private static func decoded(_ hex: String) -> String? {
        let digits = Array(hex.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes = [UInt8]()
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func malformed(_ message: String) -> SourceError {
        SourceError(.malformedStream, message, subject: "backup_manifest")
    }

    private struct Decoded: Decodable {
        struct File: Decodable {
            let path: String?
            let encodedPath: String?
            let size: UInt64

            enum CodingKeys: String, CodingKey {
                case path = "Path"
                case encodedPath = "Encoded-Path"
                case size = "Size"
            }
        }
        struct Range: Decodable {
            let timeline: UInt32
            let start: String
            let end: String

            enum CodingKeys: String, CodingKey {
                case timeline = "Timeline"
                case start = "Start-LSN"
                case end = "End-LSN"
            }
        }
        let files: [File]
        let ranges: [Range]

        enum CodingKeys: String, CodingKey {
            case files = "Files"
            case ranges = "WAL-Ranges"
        }
    }
}

/// What `backup_label` says about where a base begins.
struct BackupLabel: Sendable, Hashable {
    let start: LSN
    let timeline: UInt32

    init(_ bytes: [UInt8]) throws {
        var start: LSN?
        var timeline: UInt32?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            // `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)`
            if let rest = line.after("START WAL LOCATION: ") { start = LSN(rest.prefix { $0 != " " }) }
            if let rest = line.after("START TIMELINE: ") { timeline = UInt32(rest) }
        }
        guard let start, let timeline else {
            throw SourceError(.malformedStream, "it does not say where the base begins", subject: "backup_label")
        }
        self.start = start
        self.timeline = timeline
    }
}

extension StringProtocol {
    /// What comes behind a beginning; nil when it begins otherwise.
    func after(_ beginning: String) -> SubSequence? {
        hasPrefix(beginning) ? dropFirst(beginning.count) : nil
    }
}
