import CLinux
import Glibc
import Synchronization

/// Writes a tree of files below a directory of this machine, and nowhere else.
///
/// What is restored is hostile, and so may be what stands in the target: names are checked, every step goes by open
/// descriptors from the root down, and no symlink is ever followed. Paths are lists of names below the root; the parent of
/// what is made must be there (`makeDirectory`). New things are for the owner alone (0700, 0600) until `finish` gives them
/// their metadata.
///
/// All calls block; several threads may make them at once, for different paths.
public final class LocalTreeSink: Sendable {
    /// What may be done to what stands in the way.
    public struct Options: Sendable {
        /// May a directory that is not empty be removed, with all that is in it, where something else is to be made?
        public var replacesDirectories = false
        /// Are runs of zeros in files of some size left as holes? Otherwise the space of files is reserved before they are
        /// written, so that a full disk is noticed at once.
        public var makesSparse = true
        /// Walks paths without `openat2`, as on Linux before 5.6; for tests.
        public var avoidsOpenBeneath = false

        /// Removes empty directories, files and links that stand in the way, nothing more.
        public init() {}
    }

    let directories: SinkDirectories
    let options: Options
    let isRoot = geteuid() == 0
    /// Was it said that owners cannot be set? Once is enough.
    let saidOwners = Atomic(false)

    /// Opens the directory to write below, which is made, with all above it, when it is not there. Symlinks in this path are
    /// followed: it comes from the operator.
    public init(root: [UInt8], options: Options = Options()) throws(TreeError) {
        guard !root.isEmpty, !root.contains(0) else {
            throw TreeError(.unsafeName, "the target's path is empty or holds NUL", subject: RawName.printable(root))
        }
        LocalTreeSink.makeWay(to: root)
        let descriptor = System.open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else {
            throw TreeError.system(errno, "cannot open the target", RawName.printable(root))
        }
        self.options = options
        directories = SinkDirectories(
            root: OpenDirectory(owning: descriptor), rootPath: Array(root.reversed().drop { $0 == 0x2F }.reversed()),
            usesOpenBeneath: !options.avoidsOpenBeneath)
    }

    /// Makes missing directories. Failures show when the target is opened.
    private static func makeWay(to path: [UInt8]) {
        var made: [UInt8] = path.first == 0x2F ? [0x2F] : []
        for name in path.split(separator: 0x2F) {
            made += name
            _ = unsafe System.withCString(made) { unsafe mkdir($0, 0o700) }
            made.append(0x2F)
        }
    }

    /// The open directory that holds a path, and the name in it. Throws `unsafeName` before anything is touched.
    func parent(_ path: [[UInt8]]) throws(TreeError) -> (directory: OpenDirectory, name: [UInt8]) {
        for name in path where !RawName.isSafe(name) { throw unsafeName(path) }
        guard let name = path.last else { throw unsafeName(path) }
        return (try directories.directory(path.dropLast()), name)
    }

    func unsafeName(_ path: [[UInt8]]) -> TreeError {
        TreeError(
            .unsafeName, "a name that is empty, '.', '..' or holds '/' or NUL is not restored",
            subject: directories.printable(path),
            hint: "the snapshot was not made by a sane program; see what else is in it")
    }

    /// A path for messages.
    public func printable(_ path: [[UInt8]]) -> String { directories.printable(path) }

    /// What is there now; nil when nothing is, or when the way there leads through a symlink or file.
    public func existing(_ path: [[UInt8]]) throws(TreeError) -> Metadata? {
        do throws(TreeError) {
            let (directory, name) = try parent(path)
            if let status = System.status(directory.number, name) { return Metadata(status) }
            if errno == ENOENT { return nil }
            throw TreeError.system(errno, "cannot look at", directories.printable(path))
        } catch {
            if error.code == .notFound || error.code == .obstructed { return nil }
            throw error
        }
    }

    /// The names in a directory, in order. An empty path is the root.
    public func list(_ path: [[UInt8]]) throws(TreeError) -> [[UInt8]] {
        for name in path where !RawName.isSafe(name) { throw unsafeName(path) }
        let directory = try directories.directory(path[...])
        // Another descriptor, since the place that reading has reached belongs to the descriptor.
        let own = Descriptor(owning: System.open(directory.number, [0x2E], O_RDONLY | O_DIRECTORY))
        guard own.number >= 0, let names = NameList(readingDirectory: own.number) else {
            throw TreeError.system(errno, "cannot read the directory", directories.printable(path))
        }
        return (0..<names.count).map(names.name)
    }

    /// Has the file system write everything to its device. Throws when that fails: then nothing is certain.
    public func synchronize() throws(TreeError) {
        guard lb_sync_file_system(directories.root.number) == 0 else {
            throw TreeError.system(errno, "cannot write everything to the device", directories.printable([]))
        }
    }
}
