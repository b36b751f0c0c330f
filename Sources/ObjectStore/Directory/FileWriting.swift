import CLinux
import Glibc

/// Writes one object: temporary file, sync, rename, sync of the folder.
struct FileWriting {
    let store: DirectoryStore
    let name: String

    /// How much is written at one go, between two looks at the cancel flag.
    private static let writeStep = 8 << 20

    func run(_ bytes: ArraySlice<UInt8>, condition: PutCondition, cancel: CancelFlag) throws(StoreError) {
        let last = ObjectName.lastPart(of: name)
        let isShared = store.isSharedWithGroup()
        let folder = try openFolder(isShared: isShared)
        let temporary = TemporaryName.make(for: last)
        var isRenamed = false
        do throws(StoreError) {
            try write(bytes, to: temporary, in: folder.number, isShared: isShared, cancel: cancel)
            try publish(temporary, as: String(last), in: folder.number, condition: condition)
            isRenamed = true
            try sync(folder: folder.number)
        } catch {
            // What is left of it is in nobody's way, so a failure to remove it says nothing of use.
            if !isRenamed { _ = unsafe unlinkat(folder.number, temporary, 0) }
            throw error
        }
    }

    private func openFolder(isShared: Bool) throws(StoreError) -> Descriptor {
        let part = ObjectName.lastPart(of: name)
        let path = "\(store.root)/\(name.dropLast(part.count))"
        for attempt in 0..<2 {
            if let folder = Descriptor(retryingInterrupts { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }) {
                return folder
            }
            let number = errno
            guard number == ENOENT, attempt == 0 else { throw failure(number, "open the folder of") }
            try FolderMaking.make(below: store.root, name: name, isShared: isShared, store: store)
        }
        throw failure(ENOENT, "open the folder of")
    }

    private func write(
        _ bytes: ArraySlice<UInt8>, to temporary: String, in folder: Int32, isShared: Bool, cancel: CancelFlag
    ) throws(StoreError) {
        let mode: mode_t = isShared ? 0o440 : 0o400
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        guard let file = Descriptor(retryingInterrupts { unsafe openat(folder, temporary, flags, mode) }) else {
            throw failure(errno, "create")
        }
        if isShared, fchmod(file.number, mode) != 0 { throw failure(errno, "set the mode of") }
        let number = file.number
        var failed: StoreError?
        unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                if cancel.isRaised {
                    failed = .cancelled("\(store.location)/\(name)")
                    return
                }
                let step = min(FileWriting.writeStep, buffer.count - done)
                let start = unsafe buffer.baseAddress.map { unsafe $0 + done }
                let written = retryingInterrupts { unsafe Glibc.write(number, start, step) }
                if written < 0 {
                    failed = failure(errno, "write")
                    return
                }
                done += written
            }
        }
        if let failed { throw failed }
        // ENOTSUP and EINVAL: a file system without sync; it promises nothing, so nothing is lost by going on.
        if fsync(number) != 0, errno != ENOTSUP, errno != EINVAL { throw failure(errno, "sync") }
    }

    /// Gives the file its name. Where the file system cannot rename without replacing, a hard link does the same.
    private func publish(
        _ temporary: String, as last: String, in folder: Int32, condition: PutCondition
    ) throws(StoreError) {
        switch condition {
        case .always:
            if unsafe renameat(folder, temporary, folder, last) != 0 { throw failure(errno, "rename") }
        case .ifAbsent:
            if unsafe lb_rename_no_replace(folder, temporary, last) == 0 { return }
            if errno == EINVAL || errno == ENOSYS {
                if unsafe linkat(folder, temporary, folder, last, 0) == 0 {
                    _ = unsafe unlinkat(folder, temporary, 0)  // a second name of the object: a leftover like any other
                    return
                }
            }
            if errno == EEXIST { throw .alreadyExists(name, in: store.location) }
            throw failure(errno, "rename")
        }
    }

    private func sync(folder: Int32) throws(StoreError) {
        if fsync(folder) != 0, errno != ENOTSUP, errno != EINVAL { throw failure(errno, "sync the folder of") }
    }

    private func failure(_ number: Int32, _ action: String) -> StoreError {
        switch number {
        case ENOENT: store.rootMissing()
        case ENOTDIR, EISDIR, ENOTEMPTY, EEXIST:
            StoreError(
                .invalidName, "could not \(action) \(name): a file or folder of another object is in the way",
                subject: store.location)
        default: SystemFailure.error(number, action, name, in: store.location)
        }
    }
}

/// Names of files that are still being written: `<name>-tmp-<number>`, as restic has them.
enum TemporaryName {
    private static let mark = Array("-tmp-".utf8)
    private static let largestPart = 255

    static func make(for last: some StringProtocol) -> String {
        let tail = "-tmp-\(UInt64.random(in: 0 ... .max))"
        var kept = Array(last.utf8.prefix(largestPart - tail.utf8.count))
        while !kept.isEmpty, String(validating: kept, as: UTF8.self) == nil { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self) + tail
    }

    /// True for names that `make` gives.
    static func matches(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        var end = name.endIndex
        var digits = 0
        while end != name.startIndex {
            let before = name.index(before: end)
            guard (0x30...0x39).contains(name[before]) else { break }
            digits += 1
            end = before
        }
        return digits > 0 && name[..<end].reversed().starts(with: mark.reversed())
    }
}

/// Makes folders, each synced into its parent.
enum FolderMaking {
    /// Makes the folders that `name` needs below `root`, which has to be there.
    static func make(below root: String, name: String, isShared: Bool, store: DirectoryStore) throws(StoreError) {
        var path = root
        for part in name.split(separator: "/").dropLast() {
            let parent = path
            path += "/\(part)"
            if unsafe mkdir(path, isShared ? 0o770 : 0o700) != 0 {
                let number = errno
                if number == EEXIST { continue }
                if number == ENOENT { throw store.rootMissing() }
                throw SystemFailure.error(number, "make the folder", path, in: store.location)
            }
            // The umask may have taken the group's rights away. Failing is seen when the folder is used.
            if isShared { _ = unsafe chmod(path, 0o770) }
            syncFolder(parent)
        }
    }

    /// Makes `path` and what is missing above it.
    static func make(_ path: String, mode: mode_t, location: String) throws(StoreError) {
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        let above = parent(of: path)
        if above != path { try make(above, mode: mode, location: location) }
        if unsafe mkdir(path, mode) == 0 {
            syncFolder(above)
        } else if errno != EEXIST {
            throw SystemFailure.error(errno, "make the folder", path, in: location)
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Best effort: a file system without sync of folders promises nothing anyway, and the object's own folder is checked.
    private static func syncFolder(_ path: String) {
        guard let folder = Descriptor(unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return }
        fsync(folder.number)
    }
}
