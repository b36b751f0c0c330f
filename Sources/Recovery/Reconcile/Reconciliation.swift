/// How the rows of a database and the files of a point belong together.
public struct Reconciliation: Sendable, Codable {
    /// A row whose file is not as the row says.
    public struct Mismatch: Sendable, Codable, Hashable {
        /// The path that the row names, below the root.
        public var path: String
        /// What differs: `size 10 instead of 12`.
        public var difference: String
    }

    /// The point.
    public var point: String
    /// The database's source.
    public var database: String
    /// The files' source.
    public var files: String
    /// Rows that name a file.
    public var rowCount = 0
    /// Files below the root.
    public var fileCount = 0
    /// Paths that rows name and that are not there.
    public var rowsWithoutFile: [String] = []
    /// Files that no row names.
    public var filesWithoutRow: [String] = []
    /// Files that are not as their row says.
    public var mismatches: [Mismatch] = []

    enum CodingKeys: String, CodingKey {
        case point, database, files, mismatches
        case rowCount = "row_count"
        case fileCount = "file_count"
        case rowsWithoutFile = "rows_without_file"
        case filesWithoutRow = "files_without_row"
    }

    init(point: String, database: String, files: String) {
        self.point = point
        self.database = database
        self.files = files
    }

    /// Does every row have its file, as it says? Files without a row are waste, no loss: an upload whose row was not committed
    /// yet, or a deletion that is deferred.
    public var isComplete: Bool { rowsWithoutFile.isEmpty && mismatches.isEmpty }

    /// Compares rows with files; pure.
    ///
    /// - Parameters:
    ///   - rows: path below the root, and, where known, size in bytes and SHA-256 (hexadecimal).
    ///   - files: size and, for those whose row gives a hash, SHA-256, by path below the root.
    mutating func compare(rows: [Row], files: [String: File]) {
        rowCount = rows.count
        fileCount = files.count
        var unnamed = Set(files.keys)
        for row in rows {
            unnamed.remove(row.path)
            guard let file = files[row.path] else {
                rowsWithoutFile.append(row.path)
                continue
            }
            if let size = row.byteCount, size != file.byteCount {
                mismatches.append(Mismatch(path: row.path, difference: "\(file.byteCount) bytes instead of \(size)"))
            } else if let hash = row.hash, let found = file.hash, hash.lowercased() != found {
                mismatches.append(Mismatch(path: row.path, difference: "another SHA-256 than the row's"))
            }
        }
        rowsWithoutFile.sort()
        filesWithoutRow = unnamed.sorted()
    }

    /// A row that names a file.
    struct Row: Sendable, Hashable {
        var path: String
        var byteCount: UInt64?
        var hash: String?
    }

    /// A file that is there.
    struct File: Sendable, Hashable {
        var byteCount: UInt64
        var hash: String?
    }
}
