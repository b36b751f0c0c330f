import FoundationEssentials
import Glibc

/// A file of JSON lines that only grows. A last line that was cut off by a death is dropped when it is opened for writing.
public struct LineLog<Line: Codable & Sendable>: Sendable {
    /// The largest file that is read, bytes.
    public static var largestByteCount: Int { 1 << 30 }

    private let path: String

    /// A log in the file `path`, which need not be there.
    public init(_ path: String) { self.path = path }

    /// Adds a line; it is on the disk when this returns. Blocks for a moment.
    ///
    /// - Throws: `DrillError.fileFailed`.
    public func append(_ line: Line) throws { try append([line], isSynced: true) }

    /// Adds lines that belong together by one write. Without `isSynced` a crash of the machine, not of the program, may lose them.
    ///
    /// - Throws: `DrillError.fileFailed`.
    public func append(_ lines: [Line], isSynced: Bool) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = [UInt8]()
        for line in lines {
            bytes += try encoder.encode(line)
            bytes.append(0x0A)
        }
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("cannot be opened") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot be written") }
            rest = rest.dropFirst(count)
        }
        guard !isSynced || fdatasync(file) == 0 else { throw failure("cannot be synced") }
    }

    /// Its lines; empty when there is no file. A last line without an end is left out.
    ///
    /// - Throws: `DrillError`: `fileFailed`, `logMalformed`.
    public func read() throws -> [Line] {
        var cursor = Cursor()
        return try read(from: &cursor)
    }

    /// Where a reader of a growing log stands.
    public struct Cursor: Sendable {
        var offset: Int64 = 0
        /// The beginning of the log.
        public init() {}
    }

    /// The lines behind `cursor`, which moves on.
    public func read(from cursor: inout Cursor) throws -> [Line] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw failure("cannot be opened") }
            return []
        }
        defer { close(file) }
        guard lseek(file, off_t(cursor.offset), SEEK_SET) >= 0 else { throw failure("cannot be read") }
        var bytes = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot be read") }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= Self.largestByteCount else {
                throw DrillError(.logMalformed, "is larger than \(Self.largestByteCount) bytes", subject: path)
            }
        }
        let whole = (bytes.lastIndex(of: 0x0A) ?? -1) + 1
        cursor.offset += Int64(whole)
        let decoder = JSONDecoder()
        return try bytes[..<whole].split(separator: 0x0A).map { line in
            do {
                return try decoder.decode(Line.self, from: Data(line))
            } catch {
                throw DrillError(
                    .logMalformed,
                    "has a line that this program did not write: \(String(decoding: line.prefix(200), as: UTF8.self))",
                    subject: path, cause: error)
            }
        }
    }

    /// Removes a last line that was cut off, so that what is appended begins a line of its own.
    public func mend() throws {
        var cursor = Cursor()
        _ = try read(from: &cursor)
        guard access(path, F_OK) == 0 else { return }
        guard truncate(path, off_t(cursor.offset)) == 0 else { throw failure("cannot be mended") }
    }

    private func failure(_ what: String) -> DrillError {
        DrillError(.fileFailed, "\(what): \(String(cString: strerror(errno)))", subject: path)
    }
}
