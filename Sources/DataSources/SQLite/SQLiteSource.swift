import Chunking
import Glibc
import ObjectStore
import Synchronization
import Trees

/// An SQLite database file, copied in one step by the online backup of SQLite while others go on with it.
public struct SQLiteSource: DataSource {
    /// Larger copies are not counted table by table.
    static let largestPinnedByteCount: UInt64 = 256 << 20

    public let name: String
    public let kind = SourceKind.sqlite
    let settings: SQLiteSettings
    let environment: SourceEnvironment
    let lane = BlockingLane(name: "sqlite", threadCount: 1)

    /// Names a database.
    public init(name: String, settings: SQLiteSettings, environment: SourceEnvironment) {
        self.name = name
        self.settings = settings
        self.environment = environment
    }

    public func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading
    {
        let from = environment.now()
        let (file, folder) = (settings.file, environment.temporaryFolder)
        let result = await lane.run {
            Result { () throws(TreeError) in try SQLiteCopy(of: file, in: folder, now: from) }
        }
        let copy: SQLiteCopy
        switch result {
        case .success(let made): copy = made
        case .failure(let error): throw SQLiteSource.sourceError(error)
        }
        let to = environment.now()
        let pins = try await lane.run { () throws(SourceError) -> [TablePin] in
            guard copy.byteCount <= SQLiteSource.largestPinnedByteCount else { return [] }
            return try SQLitePins.all(of: copy.file)
        }
        let stream = SQLiteStream(copy: copy, name: name, time: to)
        try await archive(.stream(stream))
        guard stream.isComplete else {
            throw SourceError(.failed, "the copy was not read to its end", subject: settings.file)
        }
        var reading = SourceReading(method: "online-backup", consistentFrom: from.rfc3339, consistentTo: to.rfc3339)
        reading.toolVersion = await lane.run { SQLitePins.libraryVersion }
        reading.pins = pins
        if pins.isEmpty, copy.byteCount > SQLiteSource.largestPinnedByteCount {
            reading.warnings.append(
                "the database has more than \(SQLiteSource.largestPinnedByteCount >> 20) MiB: its tables were not counted"
            )
        }
        return reading
    }

    static func sourceError(_ error: TreeError) -> SourceError {
        let code: SourceError.Code =
            switch error.code {
            case .noSpace: .noSpace
            case .accessDenied: .accessDenied
            case .notFound: .suspectContent
            case .unsupported: .invalidSetting
            default: .failed
            }
        return SourceError(code, error.message, subject: error.subject, hint: error.hint, cause: error)
    }
}

/// The copy, and how to bring it back.
private final class SQLiteStream: StreamSource {
    private let copy: SQLiteCopy
    private let name: String
    private let time: Timestamp
    private let completed = Atomic<Bool>(false)

    init(copy: SQLiteCopy, name: String, time: Timestamp) {
        self.copy = copy
        self.name = name
        self.time = time
    }

    var isComplete: Bool { completed.load(ordering: .acquiring) }

    func stream(into sink: any StreamSink) throws {
        let folder = Array(name.utf8)
        guard let base = copy.path.last, base != Array("RESTORE.md".utf8) else {
            throw SourceError(.invalidSetting, "a database cannot be called RESTORE.md", subject: name)
        }
        let source = try copy.overlay.open()
        let file = try sink.file([folder, base], try metadata(), chunking: .pages)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { break }
            try buffer.withUnsafeBytes { try file.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        try file.finish()
        let text = SQLiteInstructions.text(
            name: name, file: RawPath.printable(copy.path), base: RawName.printable(base), time: time.rfc3339)
        try sink.file(
            [folder, Array("RESTORE.md".utf8)], Metadata(kind: .file, permissions: 0o644, modified: time),
            holding: Array(text.utf8))
        completed.store(true, ordering: .releasing)
    }

    /// Owner and mode of the original.
    private func metadata() throws -> Metadata {
        var status = stat()
        let path = String(decoding: RawPath.absolute(copy.path), as: UTF8.self)
        guard stat(path, &status) == 0 else {
            throw SourceError(.failed, "the database went while it was copied: \(errorText(errno))", subject: path)
        }
        return Metadata(
            kind: .file, permissions: status.st_mode & 0o7777, modified: copy.modified, userID: status.st_uid,
            groupID: status.st_gid, byteCount: copy.byteCount)
    }
}

/// `RESTORE.md` of an SQLite snapshot.
enum SQLiteInstructions {
    static func text(name: String, file: String, base: String, time: String) -> String {
        """
        # Bringing back \(name): an SQLite database

        `\(base)` is a complete copy of `\(file)` as it was at \(time), made by SQLite's online backup. It needs no
        journal: there is no `-wal` and no `-shm` beside it.

        Needed: restic and `sqlite3`. Stop every program that has the database open. Set these first:

        - `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE` (or as restic wants them): where the backup is
        - `SNAPSHOT`: the snapshot's ID, see `restic snapshots`
        - `WORK`: an empty folder
        - `TARGET`: where the database shall be, usually `\(file)`

        ```sh
        set -eu
        restic restore "$SNAPSHOT" --include "/\(name)" --target "$WORK"
        new=$(find "$WORK/\(name)" -type f ! -name RESTORE.md)
        test "$(sqlite3 -readonly "$new" 'PRAGMA integrity_check')" = ok
        if [ -e "$TARGET" ]; then mv "$TARGET" "$TARGET.before"; fi
        # These belong to the old file and would spoil the new one.
        for end in wal shm journal; do
            if [ -e "$TARGET-$end" ]; then mv "$TARGET-$end" "$TARGET.before-$end"; fi
        done
        cp -p "$new" "$TARGET"
        ```

        Owner and mode are those of the original.

        """
    }
}
