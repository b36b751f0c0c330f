import CLinux
import Glibc
import Synchronization

/// A directory of the target, open while somebody needs it.
final class OpenDirectory: Sendable {
    let descriptor: Descriptor
    /// Do new files get an ACL from the directory? Then what they got must be looked at before they are finished.
    let givesACL: Bool

    init(owning number: Int32) {
        descriptor = Descriptor(owning: number)
        givesACL = unsafe System.withCString(Attributes.defaultACL) { unsafe fgetxattr(number, $0, nil, 0) } > 0
    }

    var number: Int32 { descriptor.number }
}

/// A path below the root, spelled out only when there is something to say about it.
struct SinkLabel: Sendable {
    let directories: SinkDirectories
    let path: [[UInt8]]

    var text: String { directories.printable(path) }
}

/// Opens directories of the target beneath its root, never through a symlink, and keeps the last ones open.
final class SinkDirectories: Sendable {
    private struct Table {
        var open: [[UInt8]: (directory: OpenDirectory, lastUse: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    /// How many stay open: enough for a few threads at work in different corners of the tree.
    private static let limit = 64
    /// The kernel takes paths of less than 4096 bytes; longer ones are walked in pieces.
    private static let pieceLimit = 4_000

    let root: OpenDirectory
    let rootPath: [UInt8]
    private let table = Mutex(Table())
    private let hasOpenBeneath: Bool

    init(root: OpenDirectory, rootPath: [UInt8], usesOpenBeneath: Bool = true) {
        self.root = root
        self.rootPath = rootPath
        hasOpenBeneath = usesOpenBeneath && SinkDirectories.probe(root.number)
    }

    private static func probe(_ root: Int32) -> Bool {
        let descriptor = unsafe System.withCString([0x2E]) { unsafe lb_open_beneath(root, $0, lb_o_path, 0) }
        if descriptor >= 0 { _ = close(descriptor) }
        // ENOSYS: before Linux 5.6. EPERM: a sandbox that does not know the call.
        return descriptor >= 0
    }

    /// A path below the root for messages.
    func printable(_ path: some Collection<[UInt8]>) -> String {
        RawName.printable(path.reduce(rootPath) { $0 + [0x2F] + $1 })
    }

    /// The open directory of a path; its components were checked.
    func directory(_ path: ArraySlice<[UInt8]>) throws(TreeError) -> OpenDirectory {
        guard let name = path.last else { return root }
        let key = SinkDirectories.key(path)
        if let known = lookUp(key) { return known }
        let above = path.dropLast()
        let descriptor: Int32
        if above.isEmpty {
            descriptor = step(root.number, name)
        } else if let known = lookUp(SinkDirectories.key(above)) {
            descriptor = step(known.number, name)
        } else {
            descriptor = walk(path)
        }
        guard descriptor >= 0 else {
            let number = errno
            guard number == ELOOP || number == ENOTDIR || number == EXDEV else {
                throw TreeError.system(number, "cannot open the directory", printable(path))
            }
            throw TreeError(
                .obstructed, "a symlink or file stands where a directory has to be", subject: printable(path),
                hint: "remove it, or restore the directory too", errno: number)
        }
        let opened = OpenDirectory(owning: descriptor)
        keep(opened, key)
        return opened
    }

    private static func key(_ path: ArraySlice<[UInt8]>) -> [UInt8] {
        var key = [UInt8]()
        key.reserveCapacity(path.reduce(0) { $0 + $1.count + 1 })
        for name in path {
            key.append(0x2F)
            key.append(contentsOf: name)
        }
        return key
    }

    private func lookUp(_ key: [UInt8]) -> OpenDirectory? {
        table.withLock { table in
            guard let found = table.open[key]?.directory else { return nil }
            table.clock += 1
            table.open[key]?.lastUse = table.clock
            return found
        }
    }

    private func keep(_ directory: OpenDirectory, _ key: [UInt8]) {
        table.withLock { table in
            table.clock += 1
            if table.open.count >= SinkDirectories.limit,
                let oldest = table.open.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
            {
                table.open[oldest] = nil
            }
            table.open[key] = (directory, table.clock)
        }
    }

    /// Closes what nobody uses: a directory was removed or replaced, and its path will mean another.
    func forget() {
        table.withLock { $0.open.removeAll() }
    }

    /// One component down. A single name is neither absolute nor a way up, so not following a link is all it takes.
    private func step(_ directory: Int32, _ name: [UInt8]) -> Int32 {
        System.open(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// From the root down; nothing on the way may be a symlink.
    private func walk(_ path: ArraySlice<[UInt8]>) -> Int32 {
        var current: Descriptor?
        var rest = path
        while !rest.isEmpty {
            let piece = takePiece(&rest)
            let from = current?.number ?? root.number
            let next: Int32
            if hasOpenBeneath {
                next = System.retrying {
                    unsafe System.withCString(piece) {
                        unsafe lb_open_beneath(from, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
                    }
                }
            } else {
                next = step(from, piece)
            }
            if next < 0 { return next }
            current = Descriptor(owning: next)
        }
        return current.take()?.release() ?? -1
    }

    /// As many components as one call takes: one without openat2, which alone refuses links in the middle.
    private func takePiece(_ rest: inout ArraySlice<[UInt8]>) -> [UInt8] {
        var piece = rest.removeFirst()
        while hasOpenBeneath, let next = rest.first, piece.count + 1 + next.count < SinkDirectories.pieceLimit {
            piece.append(0x2F)
            piece.append(contentsOf: next)
            rest.removeFirst()
        }
        return piece
    }
}
