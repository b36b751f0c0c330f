import CLinux
import Glibc

/// Files and directories of this machine.
///
/// The tree begins at `/`: a path is found under all of its parents, whose metadata it carries, as in restic. Nothing but the
/// named paths and what is below them is in it. Reading goes from directory to directory by open descriptors (at most 128 at
/// a time), so that depth has no limit and nobody can lead the walk astray with a symlink.
public final class LocalTreeSource: TreeSource {
    /// The paths to back up, absolute and without `.` and `..`, in the order in which they were given, each once.
    public let paths: [[UInt8]]
    private let plan: PathPlan
    private let context: SourceContext

    /// Looks for the paths; relative ones begin at the working directory.
    ///
    /// A path that is a symlink is backed up as a symlink, unless it ends with a slash. Throws `notFound` when one of them is
    /// not there, and whatever else the operating system says.
    public init(paths: [[UInt8]], options: LocalSourceOptions = LocalSourceOptions()) throws(TreeError) {
        guard !paths.isEmpty else {
            throw TreeError(.notFound, "no path to back up", subject: "", hint: "name at least one path")
        }
        var absolute = [[UInt8]]()
        var seen = Set<[UInt8]>()
        var plan = PathPlan()
        var workingDirectory = options.workingDirectory
        for path in paths {
            if path.first != 0x2F, workingDirectory == nil { workingDirectory = try SourcePath.currentDirectory() }
            let source = try SourcePath(path, workingDirectory: workingDirectory ?? [])
            plan.add(source.components[...], source.leaf)
            let joined = RawPath.absolute(source.components)
            if seen.insert(joined).inserted { absolute.append(joined) }
        }
        self.paths = absolute
        self.plan = plan
        context = SourceContext(options: options)
    }

    /// The directory above everything: its entries are the first components of the paths.
    public func root() throws(TreeError) -> any SourceDirectory {
        guard let status = System.status(AT_FDCWD, [0x2F], flags: 0) else {
            throw TreeError.system(errno, "cannot look at", "/")
        }
        let handle = DirectoryHandle(pool: context.pool, rootIdentity: FileIdentity(status))
        let device = plan.isTarget ? plan.deviceID : UInt64(status.st_dev)
        return LocalDirectory(context, handle, plan: plan, isListed: plan.isTarget, allowedDevice: device)
    }
}

/// What all directories of a source share.
final class SourceContext: Sendable {
    let options: LocalSourceOptions
    let owners = OwnerNames()
    let pool = DescriptorPool()

    init(options: LocalSourceOptions) {
        self.options = options
    }
}
