import Chunking
import Synchronization
import Trees

/// What a base backup turned out to be.
struct BaseBackupFacts: Sendable {
    let label: BackupLabel
    let manifest: BackupManifest
    /// From where on the base is consistent.
    var end: LSN { manifest.ranges.map(\.end).max() ?? label.start }
}

/// One tar archive of a base backup: the cluster's own, or a tablespace's.
struct BaseArchive {
    /// The tablespace; nil for the data folder.
    let tablespace: String?
    let fill: (UnsafeMutableRawBufferPointer) throws -> Int
}

/// Takes the archives of a base backup apart into the files of the snapshot, and proves that it is whole.
final class BaseBackupTaker {
    private static let largestManifest: UInt64 = 1 << 30

    private let source: PostgreSQLSource
    private let server: PostgreSQLServer
    private let sink: any StreamSink
    /// Sizes of all files that came, by their paths below the data folder.
    private var received = [String: UInt64]()
    private var label: BackupLabel?
    private var manifest: BackupManifest?

    init(_ source: PostgreSQLSource, _ server: PostgreSQLServer, _ sink: any StreamSink) {
        self.source = source
        self.server = server
        self.sink = sink
    }

    /// Takes one archive to its end.
    func take(_ archive: BaseArchive) throws {
        let subject = archive.tablespace.map { "\(server.client.name), tablespace \($0)" } ?? server.client.name
        var reader = TarReader(subject: subject, fill: archive.fill)
        while let entry = try reader.next() { try take(entry, of: archive.tablespace, &reader) }
        try reader.finish()
    }

    private func take(_ entry: TarEntry, of tablespace: String?, _ reader: inout TarReader) throws {
        let folder = tablespace.map { ["tablespaces", $0] } ?? ["data"]
        let path = ([source.name] + folder).map { Array($0.utf8) } + entry.path
        var metadata = Metadata(
            kind: .file, permissions: entry.permissions, modified: Timestamp(seconds: entry.modified),
            userID: entry.userID, groupID: entry.groupID, byteCount: entry.byteCount)
        switch entry.kind {
        case .directory:
            metadata.kind = .directory
            try sink.directory(path, metadata)
        case .symlink(let target):
            metadata.kind = .symlink
            try sink.symlink(path, metadata, target: target)
        case .file:
            let name = (tablespace.map { "pg_tblspc/\($0)/" } ?? "") + entry.name
            received[name] = entry.byteCount
            switch name {
            case "backup_label":
                let bytes = try reader.smallContent(of: entry, limit: 1 << 20)
                label = try BackupLabel(bytes)
                try sink.file(path, metadata, holding: bytes)
            case "backup_manifest":
                let bytes = try reader.smallContent(of: entry, limit: BaseBackupTaker.largestManifest)
                try takeManifest(bytes, at: path, metadata)
            default:
                let file = try sink.file(path, metadata, chunking: chunking(entry.path))
                try reader.content { try file.write($0) }
                try file.finish()
                return
            }
        }
        if entry.kind != .file { try reader.content { _ in } }
    }

    /// Takes the manifest, which does not come in an archive when there are several.
    func takeManifest(_ bytes: [UInt8], at path: [[UInt8]], _ metadata: Metadata) throws {
        manifest = try BackupManifest(bytes)
        try sink.file(path, metadata, holding: bytes)
    }

    /// Files of tables and indexes are runs of pages: `16384`, `16384.1`, `16384_fsm`, `t3_16384`.
    private func chunking(_ path: [[UInt8]]) -> ChunkingPolicy {
        guard let name = path.last, let folder = path.first, path.count > 1,
            folder == Array("base".utf8) || folder == Array("global".utf8) || folder.starts(with: "PG_".utf8)
        else { return .files }
        let isRelation = name.first.map { (0x30...0x39).contains($0) } ?? false || name.starts(with: "t".utf8)
        guard isRelation else { return .files }
        return source.settings.usesSmallBlocks ? .smallPages : .pages
    }

    /// Proves that all that the manifest lists is there, and the log that the base needs.
    func prove() throws -> BaseBackupFacts {
        func refuse(_ message: String, hint: String = "") -> SourceError {
            SourceError(.suspectContent, message, subject: server.client.name, hint: hint)
        }
        guard let label else { throw refuse("the base has no backup_label") }
        guard let manifest else { throw refuse("the base has no backup_manifest") }
        for (path, byteCount) in manifest.files where received[path] != byteCount {
            let came = received[path].map { "\($0) bytes of it" } ?? "nothing"
            throw refuse("the manifest lists \(path) with \(byteCount) bytes, and \(came) came")
        }
        for range in manifest.ranges {
            let names = range.start.segmentNames(
                to: range.end, timeline: range.timeline, segmentByteCount: server.segmentByteCount)
            for name in names where received["pg_wal/\(name)"] != server.segmentByteCount {
                throw refuse(
                    "the log segment \(name), which the base needs, is not in it",
                    hint: "the server removed it meanwhile: raise wal_keep_size")
            }
        }
        return BaseBackupFacts(label: label, manifest: manifest)
    }
}

/// The archives of a base backup as something that can be backed up.
final class BaseBackupStream: StreamSource {
    private let source: PostgreSQLSource
    private let server: PostgreSQLServer
    private let toolVersion: PostgreSQLVersion
    private let names: [UInt8]?
    private let deliver: @Sendable (BaseBackupTaker) throws -> Void
    private let found = Mutex<BaseBackupFacts?>(nil)

    /// `deliver` hands all archives to the taker, and returns when the tool has ended well. `names` are those of tables, as a file.
    init(
        _ source: PostgreSQLSource, _ server: PostgreSQLServer, tool: PostgreSQLVersion, names: [UInt8]?,
        deliver: @escaping @Sendable (BaseBackupTaker) throws -> Void
    ) {
        self.source = source
        self.server = server
        toolVersion = tool
        self.names = names
        self.deliver = deliver
    }

    /// What it was; nil until it is whole.
    var facts: BaseBackupFacts? { found.withLock { $0 } }

    func stream(into sink: any StreamSink) throws {
        let taker = BaseBackupTaker(source, server, sink)
        try deliver(taker)
        let facts = try taker.prove()
        let record = SnapshotRecord(
            method: .physical, version: server.version.description, major: server.version.major,
            superuser: server.superuser, systemIdentifier: server.systemIdentifier,
            startLSN: facts.label.start.description,
            endLSN: facts.end.description, timeline: facts.label.timeline, databases: [],
            tablespaces: server.tablespaces.map { .init(oid: $0.oid, location: $0.location) })
        try record.write(into: sink, source)
        if let names {
            let metadata = source.metadata(byteCount: names.count)
            try sink.file(source.path(RelationNameList.fileName), metadata, holding: names)
        }
        found.withLock { $0 = facts }
    }
}
