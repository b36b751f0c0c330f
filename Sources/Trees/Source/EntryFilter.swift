import CLinux
import Glibc

/// Decides which entries of one directory are backed up. Named paths are exempt from all but patterns.
struct EntryFilter {
    private let options: LocalSourceOptions
    private let plan: PathPlan
    private let allowedDevice: UInt64
    /// Components of the directory's path; set when there are patterns.
    var path: [[UInt8]] = []
    /// The directory's file system, when the walk stays on one.
    var ownDevice: UInt64?
    /// The directory is a cache: only its tag is kept.
    var keepsOnlyTag = false

    init(_ options: LocalSourceOptions, plan: PathPlan, allowedDevice: UInt64) {
        self.options = options
        self.plan = plan
        self.allowedDevice = allowedDevice
    }

    /// Is anything in it but named paths? Not when it is a mount point that the walk does not enter.
    var entersDirectory: Bool { ownDevice.map { $0 == allowedDevice } ?? true }

    /// By name alone, before the entry is looked at.
    @inline(__always)
    mutating func keeps(_ name: [UInt8], _ planned: PathPlan?) -> Bool {
        if keepsOnlyTag, planned == nil, name != CacheTag.name { return false }
        // What lies on the way to a named path is needed whatever the patterns say.
        if options.excludes.isEmpty || planned?.isWay == true { return true }
        path.append(name)
        defer { path.removeLast() }
        return !options.excludes.matches(path)
    }

    /// By what `lstat` says.
    @inline(__always)
    func keeps(_ metadata: Metadata, _ planned: PathPlan?) -> Bool {
        if metadata.kind == .socket { return false }
        if planned != nil { return true }
        if let limit = options.maximumByteCount, metadata.byteCount > limit { return false }
        // The directory itself is on the right file system, so a directory on another one is a mount point.
        return !options.staysOnFileSystem || metadata.deviceID == allowedDevice || metadata.kind == .directory
    }
}

/// The tag of cache directories: https://bford.info/cachedir/
enum CacheTag {
    static let name = Array("CACHEDIR.TAG".utf8)
    private static let signature = Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)

    /// Does the directory hold the tag, a file that begins with the signature?
    static func isIn(_ directory: Int32) -> Bool {
        let number = System.openToRead(directory, name, O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else { return false }
        let file = Descriptor(owning: number)
        guard let status = System.status(of: file.number), status.st_mode & S_IFMT == S_IFREG else { return false }
        var bytes = [UInt8](repeating: 0, count: signature.count)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(file.number, $0.baseAddress, $0.count, 0) }
        return count == signature.count && bytes == signature
    }
}
