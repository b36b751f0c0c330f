import CLinux
import Glibc

/// A directory of this machine while it is read.
final class LocalDirectory: SourceDirectory {
    private let context: SourceContext
    private let handle: DirectoryHandle
    /// Paths that were named below here.
    private let plan: PathPlan
    /// Is everything in it backed up, or only what the plan names?
    private let isListed: Bool
    /// The file system that the walk may be told to stay on.
    private let allowedDevice: UInt64

    init(
        _ context: SourceContext, _ handle: DirectoryHandle, plan: PathPlan, isListed: Bool, allowedDevice: UInt64
    ) {
        self.context = context
        self.handle = handle
        self.plan = plan
        self.isListed = isListed
        self.allowedDevice = allowedDevice
    }

    func entries() throws(TreeError) -> SourceListing {
        try handle.withDescriptor { descriptor throws(TreeError) in
            var filter = EntryFilter(context.options, plan: plan, allowedDevice: allowedDevice)
            if !context.options.excludes.isEmpty { filter.path = handle.components }
            var names = NameList(plan.names)
            if isListed {
                if context.options.staysOnFileSystem { filter.ownDevice = try device(descriptor) }
                if filter.entersDirectory { names = try read(descriptor, &filter) }
            }
            return listing(names, descriptor, &filter)
        }
    }

    private func device(_ descriptor: Int32) throws(TreeError) -> UInt64 {
        guard let status = System.status(of: descriptor) else {
            throw TreeError.system(errno, "cannot look at the directory", handle.printable())
        }
        return UInt64(status.st_dev)
    }

    private func read(_ descriptor: Int32, _ filter: inout EntryFilter) throws(TreeError) -> NameList {
        guard let names = NameList(readingDirectory: descriptor) else {
            throw TreeError.system(errno, "cannot read the directory", handle.printable())
        }
        if context.options.excludesCaches, names.contains(CacheTag.name), CacheTag.isIn(descriptor) {
            filter.keepsOnlyTag = true
        }
        // A named path that went since the walk began is looked for all the same, and reported.
        let missing = plan.names.filter { !names.contains($0) }
        if missing.isEmpty { return names }
        return NameList((0..<names.count).map(names.name) + missing)
    }

    private func listing(_ names: NameList, _ descriptor: Int32, _ filter: inout EntryFilter) -> SourceListing {
        var listing = SourceListing(entries: [])
        listing.entries.reserveCapacity(names.count)
        for index in 0..<names.count where !names.isRepeated(index) {
            let name = names.name(index)
            let planned = plan.children.isEmpty ? nil : plan.children[name]
            guard filter.keeps(name, planned) else { continue }
            let follows = planned.map { $0.isWay || $0.followsLink } ?? false
            guard let status = names.status(index, in: descriptor, flags: follows ? 0 : AT_SYMLINK_NOFOLLOW) else {
                let number = errno
                // What went since the names were read is not there to be backed up.
                if number == ENOENT, planned == nil { continue }
                listing.failures.append(.system(number, "cannot look at", handle.printable(name)))
                continue
            }
            guard let metadata = Metadata(status, keepsAccessTime: context.options.keepsAccessTime),
                filter.keeps(metadata, planned)
            else { continue }
            listing.entries.append(SourceEntry(name: name, metadata: metadata, chunking: context.options.chunking))
        }
        return listing
    }

    func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails {
        var details = NodeDetails()
        details.user = context.owners.user(entry.metadata.userID)
        details.group = context.owners.group(entry.metadata.groupID)
        try handle.withDescriptor { descriptor throws(TreeError) in
            if entry.metadata.kind == .symlink { details.linkTarget = try linkTarget(entry.name, descriptor) }
            details.attributes = try attributes(entry.name, descriptor)
        }
        return details
    }

    private func attributes(_ name: [UInt8], _ descriptor: Int32) throws(TreeError) -> [ExtendedAttribute] {
        let planned = plan.children[name]
        var path = Attributes.path(of: name, in: descriptor)
        if let planned, planned.isWay || planned.followsLink { path += [0x2F, 0x2E] }
        guard let attributes = Attributes.read(.path(path)) else {
            let number = errno
            if number == ENOENT, System.status(descriptor, name) != nil {
                throw TreeError(
                    .unsupported, "extended attributes cannot be read without /proc", subject: handle.printable(name),
                    hint: "mount /proc", errno: number)
            }
            throw TreeError.system(number, "cannot read extended attributes", handle.printable(name))
        }
        return attributes
    }

    private func linkTarget(_ name: [UInt8], _ descriptor: Int32) throws(TreeError) -> [UInt8] {
        var byteCount = 256
        while true {
            let target = unsafe withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1) {
                memory -> [UInt8]? in
                let base = unsafe memory.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
                let count = unsafe System.withCString(name) { unsafe readlinkat(descriptor, $0, base, memory.count) }
                return unsafe count < 0 ? nil : Array(memory[..<count])
            }
            guard let target else {
                let number = errno
                if number == EINVAL { throw changed(name, "is no symlink any more") }
                throw TreeError.system(number, "cannot read the symlink", handle.printable(name))
            }
            if target.count < byteCount { return target }
            byteCount *= 4
        }
    }

    func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile {
        try handle.withDescriptor { descriptor throws(TreeError) -> LocalFile in
            // O_NONBLOCK: a FIFO that took the file's place must not make us wait for a writer.
            let file = System.openToRead(descriptor, entry.name, O_NOFOLLOW | O_NONBLOCK)
            guard file >= 0 else {
                let number = errno
                if number == ELOOP || number == ENXIO { throw changed(entry.name, "is no file any more") }
                throw TreeError.system(number, "cannot open the file", handle.printable(entry.name))
            }
            return try LocalFile(
                owning: Descriptor(owning: file), keepsAccessTime: context.options.keepsAccessTime
            ) { self.handle.printable(entry.name) }
        }
    }

    func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
        let planned = plan.children[entry.name]
        let child = DirectoryHandle(
            in: handle, name: entry.name, identity: FileIdentity(entry.metadata),
            followsLink: planned.map { $0.isWay || $0.followsLink } ?? false)
        let directory = LocalDirectory(
            context, child, plan: planned ?? PathPlan(), isListed: isListed || planned?.isTarget == true,
            allowedDevice: planned?.isTarget == true ? planned?.deviceID ?? 0 : allowedDevice)
        // Opened now, so that what cannot be opened is told here.
        try child.withDescriptor { _ in }
        return directory
    }

    private func changed(_ name: [UInt8], _ what: String) -> TreeError {
        TreeError(.changedWhileReading, what, subject: handle.printable(name))
    }
}
