import CLinux
import Glibc

/// Where a directory is, and its place in the pool of descriptors.
final class DirectoryHandle {
    let pool: DescriptorPool
    private let id: UInt64
    private var parent: DirectoryHandle?
    private let name: [UInt8]
    private let followsLink: Bool
    private let identity: FileIdentity
    private var wasOpened = false

    /// The root of the file system.
    init(pool: DescriptorPool, rootIdentity: FileIdentity) {
        self.pool = pool
        id = pool.newID()
        name = [0x2F]
        followsLink = true
        identity = rootIdentity
    }

    /// A directory in another.
    init(in parent: DirectoryHandle, name: [UInt8], identity: FileIdentity, followsLink: Bool) {
        pool = parent.pool
        id = pool.newID()
        self.parent = parent
        self.name = name
        self.identity = identity
        self.followsLink = followsLink
    }

    deinit {
        pool.remove(id)
        // One after another: a chain of thousands of handles that release each other would use up the stack.
        var next = parent.take()
        while isKnownUniquelyReferenced(&next), let handle = next { next = handle.parent.take() }
    }

    /// Names from the root to here.
    var components: [[UInt8]] {
        var names = [[UInt8]]()
        var handle = self
        while let parent = handle.parent {
            names.append(handle.name)
            handle = parent
        }
        return names.reversed()
    }

    /// A name in this directory as a path for messages.
    func printable(_ name: [UInt8]? = nil) -> String {
        RawPath.printable(name.map { components + [$0] } ?? components)
    }

    /// Lends the open descriptor of the directory.
    func withDescriptor<R>(_ body: (Int32) throws(TreeError) -> R) throws(TreeError) -> R {
        let descriptor = try enter()
        defer { pool.leave(id) }
        return try body(descriptor)
    }

    private func enter() throws(TreeError) -> Int32 {
        if let descriptor = pool.enter(id) { return descriptor }
        // From here up to the nearest directory that is open, then down again.
        var closed = [self]
        var above = parent
        while let handle = above {
            if let descriptor = handle.pool.enter(handle.id) { return try handle.open(closed, from: descriptor) }
            closed.append(handle)
            above = handle.parent
        }
        let root = closed.removeLast()
        let descriptor = try root.openSelf(in: AT_FDCWD)
        return closed.isEmpty ? descriptor : try root.open(closed, from: descriptor)
    }

    /// Opens directories, the last of the list first, each in the one before; `descriptor` is this one's and is left.
    private func open(_ closed: [DirectoryHandle], from descriptor: Int32) throws(TreeError) -> Int32 {
        var (last, current) = (self, descriptor)
        for handle in closed.reversed() {
            let above = last
            defer { above.pool.leave(above.id) }
            current = try handle.openSelf(in: current)
            last = handle
        }
        return current
    }

    private func openSelf(in directory: Int32) throws(TreeError) -> Int32 {
        let descriptor = System.openToRead(directory, name, O_DIRECTORY | (followsLink ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else {
            let number = errno
            if number == ENOTDIR || number == ELOOP { throw changed() }
            throw TreeError.system(number, "cannot open the directory", printable())
        }
        if wasOpened, System.status(of: descriptor).map({ FileIdentity($0) == identity }) != true {
            _ = close(descriptor)
            throw changed()
        }
        wasOpened = true
        return pool.enter(id, handingIn: descriptor)
    }

    private func changed() -> TreeError {
        TreeError(.changedWhileReading, "the directory was replaced while it was read", subject: printable())
    }
}
