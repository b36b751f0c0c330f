import Glibc

extension DirectoryStore {
    /// How much is read at one go, between two looks at the cancel flag.
    private static let readStep = 8 << 20

    /// The most that one `get` gives. A larger object is read in ranges.
    static let largestRead: UInt64 = 4 << 30

    /// Reads a file, or a part of it.
    func read(_ name: String, range: Range<UInt64>?, cancel: CancelFlag) throws(StoreError) -> [UInt8] {
        guard let file = Descriptor(retryingInterrupts { unsafe open(path(name), O_RDONLY | O_CLOEXEC) }) else {
            throw lookupFailure(errno, "open", name)
        }
        var status = stat()
        guard unsafe fstat(file.number, &status) == 0 else { throw lookupFailure(errno, "look at", name) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw missing(name) }
        let size = UInt64(clamping: status.st_size)
        let lower = range?.lowerBound ?? 0
        let upper = min(range?.upperBound ?? size, size)
        if let range, lower >= size { throw .invalidRange(range, name, byteCount: size, in: location) }
        guard upper - lower <= DirectoryStore.largestRead, let count = Int(exactly: upper - lower) else {
            throw StoreError(
                .failed, "\(name) has \(size) bytes, more than is read at once (\(DirectoryStore.largestRead))",
                subject: location, hint: "read it in ranges")
        }
        return try readFully(file, name, from: off_t(lower), count: count, cancel: cancel)
    }

    private func readFully(
        _ file: borrowing Descriptor, _ name: String, from start: off_t, count: Int, cancel: CancelFlag
    ) throws(StoreError) -> [UInt8] {
        let number = file.number
        var failure: StoreError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                if cancel.isRaised {
                    failure = .cancelled("\(location)/\(name)")
                    return
                }
                let step = min(DirectoryStore.readStep, count - filled)
                let target = unsafe buffer.baseAddress.map { unsafe $0 + filled }
                let got = retryingInterrupts { unsafe pread(number, target, step, start + off_t(filled)) }
                if got < 0 {
                    failure = SystemFailure.error(errno, "read", name, in: location)
                    return
                }
                if got == 0 {  // it was cut while we read
                    failure = StoreError(
                        .corrupt, "\(name) became shorter while it was read", subject: location, isTransient: true)
                    return
                }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Says how large a file is.
    func inspect(_ name: String) throws(StoreError) -> ObjectInfo {
        var status = stat()
        guard unsafe stat(path(name), &status) == 0 else { throw lookupFailure(errno, "look at", name) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw missing(name) }
        return ObjectInfo(name: name, byteCount: UInt64(clamping: status.st_size))
    }

    private func lookupFailure(_ number: Int32, _ action: String, _ name: String) -> StoreError {
        switch number {
        case ENOENT, ENOTDIR, ENAMETOOLONG: missing(name)
        default: SystemFailure.error(number, action, name, in: location)
        }
    }

    /// Removes files. Goes on after a failure and throws the first.
    func remove(_ names: [String], cancel: CancelFlag) throws(StoreError) {
        var first: StoreError?
        for name in names {
            try cancel.check(location)
            if unsafe unlink(path(name)) == 0 { continue }
            let number = errno
            switch number {
            case ENOENT, ENOTDIR, ENAMETOOLONG: continue
            case EISDIR: continue  // a folder is no object
            default: if first == nil { first = SystemFailure.error(number, "remove", name, in: location) }
            }
        }
        if let first { throw first }
        guard !names.isEmpty else { return }
        var status = stat()
        if unsafe stat(root, &status) != 0 { throw rootMissing() }
    }
}
