import DataSources
import Glibc
import Journal
import ObjectStore
import Repository
import Sealing
import Trees

/// Brings the log of a plan back as files: segments put together at their places, files out of snapshots, and every file
/// compared with the digest that was taken of it when it was read from the server.
final class LogFetch {
    /// Segments asked for at the same time, and the bytes that they may have together.
    private static let width = 8
    private static let batchByteCount: UInt64 = 64 << 20

    private let folder: String
    private let reader: JournalReader
    private let repository: OpenRepository
    private var indexed: IndexedRepository?
    private var files: [ReplayLog.File] = []
    private var byteCounts: [UInt64] = []

    /// Fetches the log of `source` into `folder`, which is made.
    init(_ source: String, folder: String, from repository: OpenRepository) {
        self.folder = folder
        self.repository = repository
        reader = JournalReader(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source)
    }

    /// What was fetched, for a replay that begins at `start`.
    func log(from start: SourcePosition) -> ReplayLog { ReplayLog(files: files, start: start) }

    /// Fetches parts that follow those before.
    ///
    /// - Throws: `contentDiffers` when what came is not what the server had; `JournalError`, `RepositoryError`, `StoreError`.
    func fetch(_ parts: [RestorePlan.LogPart]) async throws {
        var rest = parts[...]
        while let first = rest.first {
            if case .snapshot(let tree, let path) = first.part.location {
                try await fetch(first, tree: tree, path: path)
                rest.removeFirst()
            } else {
                let batch = LogFetch.batch(rest)
                for (part, bytes) in zip(batch, try await segments(batch)) { try await append(bytes, part) }
                rest.removeFirst(batch.count)
            }
        }
        var ends = [String: RestorePlan.LogPart]()
        for part in parts { ends[try path(part)] = part }
        for (path, part) in ends { try await LogFetch.verify(path, part.part.header) }
    }

    /// Segments at the beginning of `rest` that are fetched together; at least one.
    private static func batch(_ rest: ArraySlice<RestorePlan.LogPart>) -> [RestorePlan.LogPart] {
        var batch = [RestorePlan.LogPart]()
        var byteCount: UInt64 = 0
        for part in rest {
            guard case .segment = part.part.location else { break }
            byteCount += part.part.header.byteCount
            guard batch.isEmpty || batch.count < width && byteCount <= batchByteCount else { break }
            batch.append(part)
        }
        return batch
    }

    private func segments(_ batch: [RestorePlan.LogPart]) async throws -> [[UInt8]] {
        let reader = reader
        return try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for (index, part) in batch.enumerated() {
                group.addTask { (index, try await reader.bytes(of: part.part, on: part.timeline)) }
            }
            var bytes = [[UInt8]](repeating: [], count: batch.count)
            for try await (index, content) in group { bytes[index] = content }
            return bytes
        }
    }

    /// A whole file out of a snapshot, blob by blob.
    private func fetch(_ part: RestorePlan.LogPart, tree: String, path: String) async throws {
        if indexed == nil { indexed = try await repository.indexed() }
        guard let indexed, let root = BlobID(hex: tree),
            let node = try await indexed.node(at: RawPath.clean(Array(path.utf8)), in: root),
            node.metadata.kind == .file
        else { throw LogFetch.differs(part.part.header, "is no file in the snapshot that should have it") }
        for id in node.content { try await append(try await indexed.blob(id, .data), part) }
    }

    // MARK: Files

    private func path(_ part: RestorePlan.LogPart) throws -> String {
        let name = part.part.header.file
        // Names come from the store, and from a server before that.
        guard !name.isEmpty, !name.contains("/"), name != ".", name != "..", name.utf8.count <= 255 else {
            throw LogFetch.differs(part.part.header, "has a name that is no file's")
        }
        return "\(folder)/\(part.timeline)/\(name)"
    }

    private func append(_ bytes: [UInt8], _ part: RestorePlan.LogPart) async throws {
        let (header, path) = (part.part.header, try path(part))
        if files.last?.path != path {
            files.append(ReplayLog.File(name: header.file, path: path, endOffset: 0, timeline: part.timeline))
            byteCounts.append(0)
        }
        let index = files.count - 1
        byteCounts[index] += UInt64(bytes.count)
        guard byteCounts[index] <= header.end.offset else { throw LogFetch.differs(header, "is longer than it says") }
        files[index].endOffset = min(byteCounts[index], part.end.file == header.file ? part.end.offset : .max)
        try await PointRestore.lane.run { try LogFetch.append(bytes, to: path) }
    }

    private static func append(_ bytes: [UInt8], to path: String) throws {
        let folder = path.parentFolder
        for made in [folder.parentFolder, folder] where mkdir(made, 0o700) != 0 && errno != EEXIST {
            throw RecoveryError.system(errno, "cannot make a folder", made)
        }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw RecoveryError.system(errno, "cannot write", path) }
            done += count
        }
    }

    /// The digest of a part is that of its file from the beginning to the part's end, so the last one tells of all.
    private static func verify(_ path: String, _ header: SegmentHeader) async throws {
        let (byteCount, digest) = try await PointRestore.lane.run { () throws -> (UInt64, String) in
            try LogFetch.digest(of: path)
        }
        guard byteCount == header.end.offset, digest == header.prefixDigest.lowercased() else {
            throw differs(header, "is not what the server had: \(byteCount) bytes with another SHA-256")
        }
    }

    private static func digest(of path: String) throws -> (UInt64, String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot read", path) }
        defer { close(file) }
        var hasher = SHA256Hasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var total: UInt64 = 0
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count >= 0 else { throw RecoveryError.system(errno, "cannot read", path) }
            if count == 0 { break }
            hasher.update(buffer[..<count])
            total += UInt64(count)
        }
        return (total, hasher.finish().hex)
    }

    private static func differs(_ header: SegmentHeader, _ what: String) -> RecoveryError {
        RecoveryError(
            .contentDiffers, "the log file \(header.file) \(what)", subject: header.file,
            hint: "`lifeboat timeline` tells what else can be reached; a replica may have it whole")
    }
}
