public import Trees

/// What a restore shall do.
public struct RestoreSettings: Sendable {
    /// Only what these match is restored; empty means everything. Paths begin at the root of what is restored.
    public var include = PatternList()
    /// What these match is left out.
    public var exclude = PatternList()
    /// Only exactly these; nil for everything that patterns select.
    public var exact: ExactPaths?
    /// Remove what the target has and the snapshot has not, in the directories that are restored.
    public var deletes = false
    /// Look and count, and change nothing.
    public var isDryRun = false
    /// Read everything again afterwards and compare it with the snapshot.
    public var verifies = false
    /// Threads that fetch, open and write.
    public var threadCount = 4
    /// Called, from any thread, with what could not be restored; the restore goes on without it.
    public var report: @Sendable (any Error) -> Void = { _ in }
    /// Called, from any thread, with metadata that could not be set.
    public var warn: @Sendable (TreeError) -> Void = { _ in }

    /// The defaults.
    public init() {}

    /// Is the thing at `path` to be restored, and may something below it be?
    func selects(_ path: [[UInt8]]) -> (isSelected: Bool, childMayBe: Bool) {
        if let exact { return exact.selects(path) }
        if !exclude.isEmpty, exclude.matches(path) { return (false, false) }
        guard !include.isEmpty else { return (true, true) }
        let verdict = include.verdict(path)
        return (verdict.matches, verdict.childMayMatch)
    }
}

/// What a restore did.
public struct RestoreResult: Sendable, Hashable {
    /// Files of the snapshot that were looked at.
    public var fileCount: UInt64 = 0
    /// Of these, files that were there already, content and all.
    public var unchangedFileCount: UInt64 = 0
    /// Directories.
    public var directoryCount: UInt64 = 0
    /// Symlinks, devices, FIFOs and further hard links.
    public var otherCount: UInt64 = 0
    /// Bytes of all files looked at.
    public var byteCount: UInt64 = 0
    /// Bytes that were fetched and written; the rest was there.
    public var writtenByteCount: UInt64 = 0
    /// Things removed because the snapshot does not have them.
    public var deletedCount: UInt64 = 0
    /// Files read again and found equal to the snapshot.
    public var verifiedFileCount: UInt64 = 0
    /// Things that could not be restored, or differed when they were verified.
    public var failureCount: UInt64 = 0
    /// Metadata that could not be set.
    public var warningCount: UInt64 = 0

    /// Nothing done.
    public init() {}
}

/// Paths that are named one by one, in any number.
public struct ExactPaths: Sendable, Hashable {
    private let paths: Set<[[UInt8]]>
    private let folders: Set<[[UInt8]]>

    /// Paths as components, from the root of what is restored.
    public init(_ paths: some Sequence<[[UInt8]]>) {
        self.paths = Set(paths)
        folders = Set(self.paths.flatMap { path in path.indices.map { Array(path[..<$0]) } })
    }

    func selects(_ path: [[UInt8]]) -> (isSelected: Bool, childMayBe: Bool) {
        (paths.contains(path), folders.contains(path))
    }
}
