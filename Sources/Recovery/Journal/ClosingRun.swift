import Chunking
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Repository
import Sealing
import Synchronization
import Trees

/// Makes a snapshot of closed log files, so that stock tools can restore them and prune, lock and replicate treat them like any
/// data.
struct ClosingRun: Sendable {
    let job: ClosingJob
    let source: String
    let context: RecoveryContext
    let journal: SourceJournal
    let lane: BlockingLane

    private var folder: String { context.spoolFolder(source) + "/closing" }

    /// Gives what the chain is to be told; nil when no file is whole.
    func run() async throws -> PreparedClosing? {
        let reader = JournalReader(journal)
        let members: [ChainMember]
        if let known = job.members {
            // Retention may have trimmed what was cut since.
            let first = try await JournalTrimmer(journal, timeline: job.timeline).first()
            members = known.filter { $0.number >= first }
        } else {
            members = try await readChain(reader)
        }
        let closed = ClosedFiles(members)
        guard let last = closed.files.last else { return nil }
        // What is left there is overwritten or in nobody's way.
        await lane.run { try? FileManager.default.removeItem(atPath: folder) }
        var paths = [String]()
        for file in closed.files { paths.append(try await path(of: file, reader)) }
        let content = LogFiles(
            folder: folder(of: source), files: zip(closed.files, paths).map { ($0.0.header, $0.1) },
            modified: context.now())
        let result = try await context.repository.backup(content, settings, locks: context.locks)
        // What is left there is overwritten or in nobody's way.
        await lane.run { try? FileManager.default.removeItem(atPath: folder) }
        let files = closed.files.map { file in
            Closing.File(
                header: file.header, path: (folder(of: source) + [file.header.file]).joined(separator: "/"))
        }
        let closing = Closing(replaced: closed.runs, tree: result.snapshot.tree, files: files, tail: last.header)
        return PreparedClosing(
            timeline: job.timeline, closing: closing, paths: closed.files.compactMap { job.local[$0.header.file] })
    }

    private func folder(of source: String) -> [String] { [source, "journal", "\(job.timeline)"] }

    private var settings: BackupSettings {
        var settings = BackupSettings(paths: ["/\(source)/journal"], hostname: context.node, now: context.now)
        settings.username = context.user.name
        settings.uid = context.user.uid
        settings.gid = context.user.gid
        settings.tags = [JournalTag.of(source)]
        settings.programVersion = context.programVersion
        settings.archive = context.archive
        settings.parent = .none
        return settings
    }

    /// What is not replaced. Segments that a closing has replaced and that are still there are deleted.
    private func readChain(_ reader: JournalReader) async throws -> [ChainMember] {
        let members = try await reader.chain(of: job.timeline)
        var gone = [ClosedRange<UInt64>]()
        for member in members {
            guard case .closing(let closing) = member.content else { continue }
            gone += closing.replaced.filter { $0.first <= $0.last }.map { $0.first...$0.last }
            if members.contains(where: { other in
                closing.replaced.contains { ($0.first...$0.last).contains(other.number) }
            }) {
                try await JournalWriter(journal, timeline: job.timeline).discard(closing)
            }
        }
        return members.filter { member in !gone.contains { $0.contains(member.number) } }
    }

    /// A file on this machine with these bytes: the spool's when it is the same, else one made of the segments.
    private func path(of file: ClosedFiles.File, _ reader: JournalReader) async throws -> String {
        let digest = file.header.prefixDigest
        if let path = job.local[file.header.file], await lane.run({ Self.digest(of: path) }) == digest {
            return path
        }
        let path = "\(folder)/\(file.header.file)"
        try await lane.run { try StateFolder.make(folder) }
        for member in file.members {
            guard case .segment(let header) = member.content else { continue }
            let part = Coverage.Part(header: header, location: .segment(member.number), storedByteCount: 0)
            let bytes = try await reader.bytes(of: part, on: job.timeline)
            try await lane.run { try Self.append(bytes, to: path) }
        }
        guard await lane.run({ Self.digest(of: path) }) == digest else {
            throw RecoveryError(
                .contentDiffers, "the segments of \(file.header.file) do not make the file that they were cut from",
                subject: source, hint: "it stays in segments; `lifeboat journal status` shows what is missing")
        }
        return path
    }

    private static func append(_ bytes: [UInt8], to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(file, $0.baseAddress.map { $0 + done }, bytes.count - done) }
            guard count > 0 else { throw RecoveryError.system(errno, "cannot write", path) }
            done += count
        }
    }

    /// SHA-256 of a file, hexadecimal; nil when it cannot be read, and then the segments are.
    private static func digest(of path: String) -> String? {
        guard let file = try? SpoolFile.ifThere(path) else { return nil }
        var hasher = SHA256Hasher()
        var offset: UInt64 = 0
        while let bytes = try? file.read(at: offset, count: 1 << 20) {
            if bytes.isEmpty { return hasher.finish().hex }
            hasher.update(bytes)
            offset += UInt64(bytes.count)
        }
        return nil
    }
}

/// The tag of journal snapshots.
enum JournalTag {
    static func of(_ source: String) -> String { "journal:\(source)" }
}

/// Log files as the content of a snapshot.
private struct LogFiles: StreamSource {
    let folder: [String]
    let files: [(header: SegmentHeader, path: String)]
    let modified: Timestamp

    func stream(into sink: any StreamSink) throws {
        for file in files {
            let metadata = Metadata(
                kind: .file, permissions: 0o600, modified: modified, byteCount: file.header.byteCount)
            let path = (folder + [file.header.file]).map { Array($0.utf8) }
            let target = try sink.file(path, metadata, chunking: .files)
            guard let input = try SpoolFile.ifThere(file.path) else {
                throw RecoveryError(.contentDiffers, "a log file is gone", subject: file.path)
            }
            var offset: UInt64 = 0
            while offset < file.header.byteCount {
                let bytes = try input.read(at: offset, count: Int(min(file.header.byteCount - offset, 1 << 20)))
                guard !bytes.isEmpty else {
                    throw RecoveryError(.contentDiffers, "a log file became shorter", subject: file.path)
                }
                try target.write(bytes)
                offset += UInt64(bytes.count)
            }
            try target.finish()
        }
    }
}
