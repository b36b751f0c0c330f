public import Sealing

/// What kind of thing a node is; raw values are restic's `type`.
public enum NodeKind: String, Sendable, CaseIterable {
    case file
    case directory = "dir"
    case symlink
    case blockDevice = "dev"
    case characterDevice = "chardev"
    case fifo
    /// Read from foreign repositories; never written.
    case socket
}

/// What one `lstat` tells of a thing in a file system.
public struct Metadata: Sendable, Hashable {
    /// What kind of thing it is.
    public var kind: NodeKind
    /// Permission, set-user-ID, set-group-ID and sticky bits: `st_mode & 0o7777`.
    public var permissions: UInt32
    /// Last change of the content.
    public var modified: Timestamp
    /// Last access; backups store `modified` here unless asked, so that unchanged trees stay equal.
    public var accessed: Timestamp
    /// Last change of content or metadata; cannot be restored.
    public var changed: Timestamp
    /// Owner, numeric.
    public var userID: UInt32
    /// Group, numeric.
    public var groupID: UInt32
    /// Inode number; 0 when unknown.
    public var inode: UInt64
    /// Device the inode lives on (`st_dev`); 0 when unknown.
    public var deviceID: UInt64
    /// Number of hard links; 0 or 1 when there is no other.
    public var linkCount: UInt64
    /// Size in bytes, files only.
    public var byteCount: UInt64
    /// Device number (`st_rdev`) of device nodes, else 0.
    public var device: UInt64

    /// Makes metadata; what is left out is zero, or equal to `modified` for the other two times.
    public init(
        kind: NodeKind, permissions: UInt32, modified: Timestamp, accessed: Timestamp? = nil, changed: Timestamp? = nil,
        userID: UInt32 = 0, groupID: UInt32 = 0, inode: UInt64 = 0, deviceID: UInt64 = 0, linkCount: UInt64 = 1,
        byteCount: UInt64 = 0, device: UInt64 = 0
    ) {
        self.kind = kind
        self.permissions = permissions
        self.modified = modified
        self.accessed = accessed ?? modified
        self.changed = changed ?? modified
        self.userID = userID
        self.groupID = groupID
        self.inode = inode
        self.deviceID = deviceID
        self.linkCount = linkCount
        self.byteCount = byteCount
        self.device = device
    }
}

/// A named value that a file system keeps beside a file; POSIX ACLs are `system.posix_acl_access` and `…_default`.
public struct ExtendedAttribute: Sendable, Hashable {
    /// The full name with its name space: `user.comment`.
    public let name: [UInt8]
    /// The raw value.
    public let value: [UInt8]

    /// Makes an attribute.
    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// What costs further system calls to learn about a thing, so it is asked only when the thing has changed.
public struct NodeDetails: Sendable, Hashable {
    /// Name of the owner; empty when there is none.
    public var user = ""
    /// Name of the group; empty when there is none.
    public var group = ""
    /// Target of a symlink, raw bytes; empty for everything else.
    public var linkTarget: [UInt8] = []
    /// Extended attributes in the order in which the file system lists them.
    public var attributes: [ExtendedAttribute] = []

    /// No details.
    public init() {}
}

/// One entry of a directory, as a tree blob holds it.
public struct Node: Sendable, Hashable {
    /// The raw bytes of its name: anything but `/` and NUL when it comes from a file system, anything at all when it comes
    /// from a repository. Check it (`hasSafeName`) before using it as a path.
    public var name: [UInt8]
    /// Kind, times, owner and so on.
    public var metadata: Metadata
    /// Names of owners, link target, extended attributes.
    public var details: NodeDetails
    /// The data blobs whose bytes joined are the file; files only.
    public var content: [BlobID]
    /// The tree blob that lists the directory; directories only.
    public var subtree: BlobID?

    /// Makes a node.
    public init(
        name: [UInt8], metadata: Metadata, details: NodeDetails = NodeDetails(), content: [BlobID] = [],
        subtree: BlobID? = nil
    ) {
        self.name = name
        self.metadata = metadata
        self.details = details
        self.content = content
        self.subtree = subtree
    }
}
