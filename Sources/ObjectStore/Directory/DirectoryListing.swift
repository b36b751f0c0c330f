import Glibc

/// Makes one page of a listing by walking the folders in the order of full names.
///
/// Within a folder a subfolder counts as its name with a `/` behind it. No entry holds a `/` otherwise, so sorting these keys
/// by their bytes and descending on the way gives exactly the order of full names: `a-b`, `a/x`, `a0`. Folders that cannot
/// hold anything wanted are not opened.
struct DirectoryListing {
    let store: DirectoryStore
    let prefix: [UInt8]
    let after: [UInt8]?
    let limit: Int
    let cancel: CancelFlag
    private var objects = [ObjectInfo]()
    private var hasMore = false

    init(store: DirectoryStore, prefix: String, after: String?, limit: Int, cancel: CancelFlag) {
        self.store = store
        self.prefix = Array(prefix.utf8)
        self.after = after.map { Array($0.utf8) }
        self.limit = limit
        self.cancel = cancel
    }

    consuming func run() throws(StoreError) -> ListPage {
        var folder = prefix
        while let last = folder.last, last != slash { folder.removeLast() }
        guard FolderEntries.isInside(folder) else { return ListPage(objects: [], hasMore: false) }
        try walk(folder)
        return ListPage(objects: objects, hasMore: hasMore)
    }

    /// Adds what is in `folder`: empty for the root, else with a `/` at its end.
    private mutating func walk(_ folder: [UInt8]) throws(StoreError) {
        try cancel.check(store.location)
        guard let entries = try store.listings.entries(of: folder, in: store) else { return }
        for index in entries.firstIndex(after: wanted(from: folder))..<entries.keys.count {
            let key = entries.keys[index]
            let full = folder + key
            if key.last == slash {
                guard mayHoldMore(full) else { continue }
                try walk(full)
            } else if full.starts(with: prefix), isAfter(full) {
                try add(full)
            }
            if hasMore { return }
        }
    }

    /// The part of `after` that lies in `folder`, from where its keys are of interest; nil for all of them.
    private func wanted(from folder: [UInt8]) -> ArraySlice<UInt8>? {
        guard let after, after.starts(with: folder) else { return nil }
        let rest = after[folder.count...]
        // Inside a subfolder: begin at the subfolder itself.
        if let end = rest.firstIndex(of: slash) { return rest[..<end] }
        return rest
    }

    private func isAfter(_ name: [UInt8]) -> Bool {
        guard let after else { return true }
        return after.lexicographicallyPrecedes(name)
    }

    /// May a subfolder hold names that begin with the prefix and come after `after`?
    private func mayHoldMore(_ folder: [UInt8]) -> Bool {
        guard folder.starts(with: prefix) || prefix.starts(with: folder) else { return false }
        guard let after else { return true }
        return after.starts(with: folder) || after.lexicographicallyPrecedes(folder)
    }

    private mutating func add(_ name: [UInt8]) throws(StoreError) {
        let text = String(decoding: name, as: UTF8.self)
        var status = stat()
        guard unsafe stat(store.path(text), &status) == 0 else {
            if errno == ENOENT { return }  // deleted since the folder was read
            throw SystemFailure.error(errno, "look at", text, in: store.location)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        if objects.count == limit {
            hasMore = true
            return
        }
        objects.append(ObjectInfo(name: text, byteCount: UInt64(clamping: status.st_size)))
    }
}

private let slash = UInt8(ascii: "/")

/// The entries of one folder, sorted; subfolders end in `/`.
struct FolderEntries: Sendable {
    let keys: [[UInt8]]

    /// The first entry that may be or lead to something after `key`, which is an entry's name or the folder on the way.
    func firstIndex(after key: ArraySlice<UInt8>?) -> Int {
        guard let key else { return 0 }
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle].lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// False for a folder whose name no object can have.
    static func isInside(_ folder: [UInt8]) -> Bool {
        guard !folder.contains(0) else { return false }
        let parts = folder.split(separator: slash, omittingEmptySubsequences: false).dropLast()
        return parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }

    /// Reads a folder; nil when it is not there. Leftover temporary files and names that are not UTF-8 are left out.
    static func read(_ path: String, in store: DirectoryStore, isRoot: Bool) throws(StoreError) -> FolderEntries? {
        guard let stream = unsafe opendir(path) else {
            let number = errno
            guard number == ENOENT || number == ENOTDIR || number == ENAMETOOLONG else {
                throw SystemFailure.error(number, "list", path, in: store.location)
            }
            var status = stat()
            if isRoot { throw store.rootMissing() }
            if unsafe stat(store.root, &status) != 0 { throw store.rootMissing() }
            return nil
        }
        defer { unsafe closedir(stream) }
        var keys = [[UInt8]]()
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            if let key = unsafe self.key(of: entry, in: path) { keys.append(key) }
        }
        guard errno == 0 else { throw SystemFailure.error(errno, "list", path, in: store.location) }
        keys.sort { $0.lexicographicallyPrecedes($1) }
        return FolderEntries(keys: keys)
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

    private static func key(of entry: UnsafeMutablePointer<dirent>, in path: String) -> [UInt8]? {
        let name = unsafe UnsafeRawPointer(entry) + nameOffset
        let count = unsafe strlen(name.assumingMemoryBound(to: CChar.self))
        var key = unsafe [UInt8](UnsafeRawBufferPointer(start: name, count: count))
        if key == [0x2e] || key == [0x2e, 0x2e] { return nil }
        guard String(validating: key, as: UTF8.self) != nil else { return nil }
        var type = unsafe Int(entry.pointee.d_type)
        if type == Int(DT_UNKNOWN) || type == Int(DT_LNK) {
            var status = stat()
            guard unsafe stat("\(path)/\(String(decoding: key, as: UTF8.self))", &status) == 0 else { return nil }
            type = status.st_mode & S_IFMT == S_IFDIR ? Int(DT_DIR) : Int(DT_REG)
        }
        if type == Int(DT_DIR) {
            key.append(slash)
        } else if TemporaryName.matches(key) {
            return nil
        }
        return key
    }
}
