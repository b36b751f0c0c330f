import Glibc

/// Puts a restored thing in the place of a live one by renaming, and sets the live one aside. Every step may be repeated: a kill
/// between any two leaves a state from which `perform` goes on.
struct Exchange: Sendable, Hashable, Codable {
    /// What is exchanged.
    enum Form: String, Sendable, Codable {
        /// The thing itself: two renames.
        case whole
        /// What is inside a folder that cannot be renamed, since something is mounted there.
        case children
    }

    /// The live path.
    let live: String
    /// What takes its place; nil when nothing does, and the live thing is only set aside.
    let new: String?
    /// Where the live thing goes.
    let aside: String
    /// What is renamed.
    var form = Form.whole

    /// For a folder that is a mount point, new and aside lie inside it.
    static func of(live: String, id: String, replaces: Bool = true) -> Exchange {
        if isMountPoint(live) {
            return Exchange(
                live: live, new: replaces ? live + "/.lifeboat-new" : nil, aside: live + "/.lifeboat-aside-" + id,
                form: .children)
        }
        return Exchange(
            live: live, new: replaces ? live + ".lifeboat-new" : nil, aside: live + ".lifeboat-aside-" + id)
    }

    /// The way back: what is aside becomes live again, and what was restored goes beside it.
    func reversed(id: String) -> Exchange {
        let undone = (form == .whole ? live + "." : live + "/.") + "lifeboat-undone-" + id
        return Exchange(live: live, new: aside, aside: undone, form: form)
    }

    /// Where there was nothing before, the way back is to set aside what was put there.
    func undo(_ back: Exchange, wasExchanged: Bool) throws {
        if form == .whole, new != nil, wasExchanged, !Exchange.exists(aside), !Exchange.exists(back.aside) {
            if Exchange.exists(live) { try Exchange.rename(live, back.aside) }
        } else {
            try back.perform()
        }
    }

    /// Exchanges, or goes on with an exchange that was interrupted.
    ///
    /// - Throws: `targetUnusable` when somebody made the live path anew in between; `systemFailed`.
    func perform() throws {
        switch form {
        case .whole: try performWhole()
        case .children: try performChildren()
        }
        try Exchange.sync(live.parentFolder)
    }

    private func performWhole() throws {
        guard let new else {
            if Exchange.exists(live) { try Exchange.rename(live, aside) }
            return
        }
        guard Exchange.exists(new) else { return }  // done before
        if Exchange.exists(live) {
            guard !Exchange.exists(aside) else {
                throw RecoveryError(
                    .targetUnusable, "the live path is there again although it was set aside", subject: live,
                    hint: "something made it anew in between; move it away, then run the same command again")
            }
            try Exchange.rename(live, aside)
            try Exchange.sync(live.parentFolder)
        }
        try Exchange.rename(new, live)
    }

    /// First everything goes aside, and a mark says that it has; then what is new comes in.
    private func performChildren() throws {
        let mark = aside + ".complete"
        if !Exchange.exists(mark) {
            if mkdir(aside, 0o700) != 0, errno != EEXIST { throw RecoveryError.system(errno, "cannot make", aside) }
            for name in try Exchange.names(in: live) where !name.hasPrefix(".lifeboat-") {
                try Exchange.rename(live + "/" + name, aside + "/" + name)
            }
            let file = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw RecoveryError.system(errno, "cannot make", mark) }
            close(file)
            try Exchange.sync(live)
        }
        if let new, Exchange.exists(new) {
            for name in try Exchange.names(in: new) { try Exchange.rename(new + "/" + name, live + "/" + name) }
            _ = rmdir(new)
        }
        try Exchange.sync(live)
    }

    // MARK: Calls of the system

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    static func isMountPoint(_ path: String) -> Bool {
        var (inner, outer) = (stat(), stat())
        guard stat(path, &inner) == 0, stat(path.parentFolder, &outer) == 0 else { return false }
        return inner.st_dev != outer.st_dev
    }

    static func rename(_ from: String, _ to: String) throws {
        guard Glibc.rename(from, to) == 0 else {
            throw RecoveryError.system(errno, "cannot rename \(from)", to)
        }
    }

    /// Makes renames in a folder outlive a crash of the machine.
    static func sync(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw RecoveryError.system(errno, "cannot open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw RecoveryError.system(errno, "cannot flush", folder) }
    }

    static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(folder) else { throw RecoveryError.system(errno, "cannot list", folder) }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
