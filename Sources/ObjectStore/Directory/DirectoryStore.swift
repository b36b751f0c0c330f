import Glibc
import Synchronization

/// Objects as files below one directory, laid out as restic's local backend does, so that restic reads what we write.
///
/// A file is written under `<name>-tmp-<number>` in its folder, synced, renamed, and the folder synced; folders are made on
/// demand. Files are 0400 and folders 0700, or 0440 and 0770 when the file `config` is readable by its group. A part of a
/// name may have 255 bytes. Other than in S3 one name cannot be a folder of another (`a` beside `a/b`), and a last part that
/// ends in `-tmp-` and digits is refused, because such files are leftovers and never listed.
public final class DirectoryStore: ObjectStore {
    public let location: String
    let root: String
    let lane: BlockingLane
    let isShared = Mutex<Bool?>(nil)
    let listings = ListingMemory()

    /// A store in the directory `root`, which must exist by the time of the first call (`.storeMissing` otherwise).
    ///
    /// At most `threadCount` (1 ... 64) calls block at the same time.
    public init(root: String, threadCount: Int = 4) {
        var trimmed = root[...]
        while trimmed.utf8.count > 1, trimmed.utf8.last == UInt8(ascii: "/") { trimmed = trimmed.dropLast() }
        self.root = trimmed.isEmpty ? "." : String(trimmed)
        location = self.root
        lane = BlockingLane(name: "store-directory", threadCount: threadCount)
    }

    /// Makes the directory with mode 0700, and its parents; fine when it is there.
    public func makeRoot() async throws(StoreError) {
        try await lane.run { [self] () throws(StoreError) in
            try FolderMaking.make(root, mode: 0o700, location: location)
        }
    }

    public func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        try validate(name)
        let subject = "\(location)/\(name)"
        try await lane.runCancellable(subject) { [self] (flag) throws(StoreError) in
            defer { listings.forget() }
            try FileWriting(store: self, name: name).run(bytes, condition: condition, cancel: flag)
        }
    }

    public func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        try validate(name)
        if let range, range.isEmpty { return [] }
        return try await lane.runCancellable("\(location)/\(name)") { [self] (flag) throws(StoreError) in
            try read(name, range: range, cancel: flag)
        }
    }

    public func head(_ name: String) async throws(StoreError) -> ObjectInfo {
        try validate(name)
        return try await lane.runCancellable("\(location)/\(name)") { [self] (_) throws(StoreError) in
            try inspect(name)
        }
    }

    public func delete(_ names: [String]) async throws(StoreError) {
        for name in names { try validate(name) }
        try await lane.runCancellable(location) { [self] (flag) throws(StoreError) in
            defer { listings.forget() }
            try remove(names, cancel: flag)
        }
    }

    public func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        precondition((1...1000).contains(limit), "a page has 1 to 1000 objects")
        return try await lane.runCancellable(location) { [self] (flag) throws(StoreError) in
            try DirectoryListing(store: self, prefix: prefix, after: after, limit: limit, cancel: flag).run()
        }
    }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    private func validate(_ name: String) throws(StoreError) {
        try ObjectName.validate(name, in: location)
        if TemporaryName.matches(ObjectName.lastPart(of: name).utf8) {
            throw StoreError(
                .invalidName, "the name \(name) ends as unfinished files do (-tmp- and digits)", subject: location)
        }
    }

    /// True when the repository's `config` is readable by its group. Known for good once there is a `config`.
    func isSharedWithGroup() -> Bool {
        if let known = isShared.withLock({ $0 }) { return known }
        var status = stat()
        guard unsafe stat(path("config"), &status) == 0 else { return false }
        let shared = status.st_mode & S_IRGRP != 0
        isShared.withLock { $0 = shared }
        return shared
    }

    /// What ENOENT means: the object is missing, or the whole directory is.
    func missing(_ name: String) -> StoreError {
        var status = stat()
        if unsafe stat(root, &status) == 0 { return .notFound(name, in: location) }
        return rootMissing()
    }

    func rootMissing() -> StoreError {
        StoreError(
            .storeMissing, "the directory \(root) is not there", subject: location,
            hint: "is the disk mounted? `lifeboat init` makes the directory of a new repository")
    }
}
