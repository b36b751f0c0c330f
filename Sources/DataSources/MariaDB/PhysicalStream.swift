import Chunking
import Glibc
import Sealing
import Synchronization
import Trees

/// A physical backup as files of a snapshot: `NAME/data/…`, each table file in blocks that are aligned to its pages, and
/// `NAME/RESTORE.md`.
struct PhysicalStream: StreamSource {
    /// What passed through the stream and is wanted afterwards.
    final class Noted: Sendable {
        private let files = Mutex<[String: [UInt8]]>([:])

        /// Text of a small file of the stream.
        subscript(_ name: String) -> String? {
            files.withLock { $0[name] }.map { String(decoding: $0, as: UTF8.self) }
        }

        func add(_ bytes: UnsafeRawBufferPointer, to name: String) {
            files.withLock { files in
                let kept = files[name, default: []]
                files[name] = kept + bytes.prefix(max(0, 65_536 - kept.count))
            }
        }
    }

    /// The source's name.
    let name: String
    /// The live data folder.
    let dataFolder: String
    /// Cut table files in 16 KiB blocks.
    let usesSmallBlocks: Bool
    /// Owner of the files.
    let owner: SystemAccount?
    /// When the backup began.
    let started: Timestamp
    /// The tool's output.
    let input: @Sendable (UnsafeMutableRawBufferPointer) throws -> Int
    /// Where small files are noted.
    let noted: Noted
    /// Writes RESTORE.md, once everything is known.
    let guide: @Sendable (Noted) throws -> String

    func stream(into sink: any StreamSink) throws {
        let input = input
        var reader = XBStreamReader { try input($0) }
        let root = [Array(name.utf8), Array("data".utf8)]
        var files = PhysicalFiles(stream: self, root: root, sink: sink)
        try sink.directory(root, files.folderMetadata)
        try reader.read(into: &files)
        try sink.file(
            [Array(name.utf8), Array("RESTORE.md".utf8)],
            Metadata(kind: .file, permissions: 0o644, modified: started), holding: Array(try guide(noted).utf8))
    }
}

/// Hands the files of the stream to the archiver.
private struct PhysicalFiles: XBStreamReader.Receiver {
    private static let notedNames: Set<String> = [
        "xtrabackup_info", "xtrabackup_binlog_info", "xtrabackup_checkpoints",
    ]

    let stream: PhysicalStream
    let root: [[UInt8]]
    let sink: any StreamSink
    private var open: [[[UInt8]]: any StreamFile] = [:]
    private var folders = Set<[[UInt8]]>()

    init(stream: PhysicalStream, root: [[UInt8]], sink: any StreamSink) {
        self.stream = stream
        self.root = root
        self.sink = sink
    }

    var folderMetadata: Metadata {
        Metadata(
            kind: .directory, permissions: 0o750, modified: stream.started, userID: stream.owner?.userID ?? 0,
            groupID: stream.owner?.groupID ?? 0)
    }

    mutating func begin(_ path: [[UInt8]]) throws {
        for count in 1..<max(1, path.count) where folders.insert(Array(path.prefix(count))).inserted {
            try sink.directory(root + path.prefix(count), folderMetadata)
        }
        let (byteCount, modified) = liveFile(path)
        var metadata = Metadata(
            kind: .file, permissions: 0o660, modified: modified, userID: stream.owner?.userID ?? 0,
            groupID: stream.owner?.groupID ?? 0)
        metadata.byteCount = byteCount
        open[path] = try sink.file(root + path, metadata, chunking: chunking(path.last ?? []))
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer, to path: [[UInt8]]) throws {
        if path.count == 1, let name = path.first.map({ String(decoding: $0, as: UTF8.self) }),
            PhysicalFiles.notedNames.contains(name)
        {
            stream.noted.add(bytes, to: name)
        }
        try open[path]?.write(bytes)
    }

    mutating func finish(_ path: [[UInt8]]) throws {
        try open.removeValue(forKey: path)?.finish()
    }

    /// Size and time of the file in the live data folder, where it still is there; else unknown.
    private func liveFile(_ path: [[UInt8]]) -> (UInt64, Timestamp) {
        var status = stat()
        let file = Array(stream.dataFolder.utf8) + path.flatMap { [0x2F] + $0 } + [0]
        let found = file.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { lstat($0, &status) } } == 0
        }
        guard found, status.st_mode & S_IFMT == S_IFREG else { return (0, stream.started) }
        let modified = Timestamp(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(clamping: status.st_mtim.tv_nsec))
        return (UInt64(clamping: status.st_size), modified)
    }

    /// Files of InnoDB pages: tables, also those made during the backup (`.new`), the system and the undo tablespaces.
    private func chunking(_ name: [UInt8]) -> ChunkingPolicy {
        let name = String(decoding: name, as: UTF8.self)
        let isPaged =
            name.hasSuffix(".ibd") || name.hasSuffix(".new") || name.hasPrefix("ibdata") || name.hasPrefix("undo")
        guard isPaged else { return .files }
        return stream.usesSmallBlocks ? .smallPages : .pages
    }
}
