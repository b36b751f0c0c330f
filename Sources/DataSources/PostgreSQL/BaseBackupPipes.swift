import Glibc
import Trees

/// Named pipes in the place of the files that `pg_basebackup` writes for a cluster with tablespaces: it refuses to write
/// several archives to its standard output, and wants a folder that is empty or not there.
///
/// It makes the folder, then asks the server for the backup, waits for a checkpoint, and only then opens `16385.tar` and so on.
/// Pipes that are made in between are opened like files, so nothing is ever written to disk. When it opens a file before its
/// pipe is there, making the pipe fails; then that attempt is given up, which costs nothing.
final class BaseBackupPipes: Sendable {
    /// The tool was faster.
    struct TooLate: Error {}

    let folder: String
    private let tablespaces: [String]
    private let subject: String

    init(folder: String, tablespaces: [String], subject: String) {
        self.folder = folder
        self.tablespaces = tablespaces
        self.subject = subject
    }

    private func path(_ tablespace: String?) -> String { "\(folder)/\(tablespace ?? "base").tar" }

    /// Waits for the folder and makes the pipes in it.
    func plant(_ output: ToolOutput) throws {
        while access(folder, W_OK) != 0 {
            // Throws when the tool has failed. One that ended well without a folder fails below.
            if Self.hasEnded(output) { _ = try output.read(upTo: 1) }
            guard !Self.hasEnded(output) else { break }
            usleep(100)
        }
        for tablespace in tablespaces + [nil] where mkfifo(path(tablespace), 0o600) != 0 {
            if errno == EEXIST { throw TooLate() }
            throw FileTree.failure("cannot make a pipe", path(tablespace))
        }
    }

    /// Hands all archives to the taker in the order in which the tool writes them, then the manifest.
    func deliver(_ output: ToolOutput, to taker: BaseBackupTaker, at manifest: [[UInt8]]) throws {
        var waiting = [(tablespace: String?, end: Int32)]()
        defer { for pipe in waiting { close(pipe.end) } }
        for tablespace in tablespaces + [nil] {
            let end = open(path(tablespace), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            guard end >= 0 else { throw FileTree.failure("cannot open the pipe", path(tablespace)) }
            waiting.append((tablespace, end))
        }
        while !waiting.isEmpty {
            let index = try wait(for: waiting.map(\.end), output)
            let (tablespace, end) = waiting[index]
            try taker.take(BaseArchive(tablespace: tablespace) { try self.fill($0, from: end, output) })
            waiting.remove(at: index)
            close(end)
        }
        // Its standard output has an end only when it ended well.
        guard try output.read(upTo: 1).isEmpty else {
            throw SourceError(.malformedStream, "pg_basebackup wrote to its standard output", subject: subject)
        }
        let expected = Set((tablespaces + ["base"]).map { "\($0).tar" } + ["backup_manifest"])
        if let name = FileTree.namesIfAny(in: folder).first(where: { !expected.contains($0) }) {
            throw SourceError(
                .suspectContent, "pg_basebackup wrote \(name) too: a tablespace was made meanwhile", subject: subject,
                hint: "run the backup again")
        }
        let bytes = try SmallFile.read("\(folder)/backup_manifest", limit: 1 << 30)
        let metadata = Metadata(kind: .file, permissions: 0o600, modified: .unknown, byteCount: UInt64(bytes.count))
        try taker.takeManifest(bytes, at: manifest, metadata)
    }

    private static func hasEnded(_ output: ToolOutput) -> Bool {
        var ends = [pollfd(fd: output.pipe.readEnd, events: Int16(POLLIN), revents: 0)]
        return poll(&ends, 1, 0) > 0 && ends[0].revents & Int16(POLLHUP) != 0
    }

    /// Waits until one of the pipes has a writer or bytes, and gives its index.
    private func wait(for ends: [Int32], _ output: ToolOutput) throws -> Int {
        while true {
            var polled = (ends + [output.pipe.readEnd]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
            if let index = polled.dropLast().firstIndex(where: { $0.revents != 0 }) { return index }
            _ = try output.read(upTo: 1)
            throw SourceError(.malformedStream, "pg_basebackup ended before all archives came", subject: subject)
        }
    }

    /// An archive that ends is the end of the tool too when it was the tool that failed, which then says more.
    private func complain(_ output: ToolOutput) throws {
        var ends = [pollfd(fd: output.pipe.readEnd, events: Int16(POLLIN), revents: 0)]
        if poll(&ends, 1, 50) > 0 { _ = try output.read(upTo: 1) }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from end: Int32, _ output: ToolOutput) throws -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var filled = 0
        while filled < buffer.count {
            let count = Glibc.read(end, base + filled, buffer.count - filled)
            if count > 0 {
                filled += count
            } else if count == 0 {
                try complain(output)
                return filled
            } else if errno == EAGAIN {
                _ = try wait(for: [end], output)
            } else if errno != EINTR {
                throw FileTree.failure("cannot read from pg_basebackup", subject)
            }
        }
        return filled
    }
}
