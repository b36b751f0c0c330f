import CLinux
import Glibc
import Synchronization

/// What setting metadata needs to know beyond the thing itself.
struct MetadataContext: Sendable {
    let sink: LocalTreeSink
    /// May a new thing have got an ACL from its directory?
    let mayHaveInherited: Bool
}

/// Sets owner, attributes, mode and times, in this order: changing the owner takes special bits and capabilities away, user
/// attributes need write permission, and everything changes the times. What fails is a warning.
struct MetadataWriter {
    private let context: MetadataContext
    private let label: SinkLabel
    private(set) var warnings: [TreeError] = []
    private var hasOwner = true

    init(_ context: MetadataContext, _ label: SinkLabel) {
        self.context = context
        self.label = label
    }

    /// To an open file or directory.
    mutating func apply(_ node: Node, to file: Int32, isNew: Bool) {
        let metadata = node.metadata
        setOwner(fchown(file, metadata.userID, metadata.groupID))
        setAttributes(node, .file(file), mayHaveOthers: !isNew || context.mayHaveInherited)
        check(fchmod(file, permissions(metadata)), "cannot set the mode")
        if let times = times(metadata) { check(unsafe futimens(file, [times.0, times.1]), "cannot set the times") }
    }

    /// To a symlink, device or FIFO, which is not opened.
    mutating func apply(_ node: Node, to name: [UInt8], in directory: Int32) {
        let metadata = node.metadata
        unsafe System.withCString(name) { cName in
            setOwner(unsafe fchownat(directory, cName, metadata.userID, metadata.groupID, AT_SYMLINK_NOFOLLOW))
            setAttributes(node, .path(Attributes.path(of: name, in: directory)), mayHaveOthers: true)
            if metadata.kind != .symlink {
                let mode = permissions(metadata)
                check(unsafe fchmodat(directory, cName, mode, AT_SYMLINK_NOFOLLOW), "cannot set the mode")
            }
            if let times = times(metadata) {
                check(
                    unsafe utimensat(directory, cName, [times.0, times.1], AT_SYMLINK_NOFOLLOW), "cannot set the times")
            }
        }
    }

    private mutating func setOwner(_ result: Int32) {
        guard result != 0 else { return }
        hasOwner = false
        let number = errno
        guard !context.sink.isRoot, number == EPERM else {
            return warnings.append(.system(number, "cannot set the owner", label.text))
        }
        guard !context.sink.saidOwners.exchange(true, ordering: .relaxed) else { return }
        warnings.append(
            TreeError(
                .accessDenied, "owners are not restored: that takes root; from here on not mentioned again",
                subject: label.text, hint: "run the restore as root", errno: number))
    }

    /// Set-user-ID for the wrong user is worse than none.
    private mutating func permissions(_ metadata: Metadata) -> mode_t {
        let special = metadata.permissions & 0o6000
        guard !hasOwner, metadata.kind == .file, special != 0 else { return mode_t(metadata.permissions & 0o7777) }
        warnings.append(
            TreeError(
                .accessDenied, "set-user-ID and set-group-ID are left out, since the owner is not the right one",
                subject: label.text, hint: "run the restore as root"))
        return mode_t(metadata.permissions & 0o1777)
    }

    /// Access and modification time; unknown ones are left as they are.
    private func times(_ metadata: Metadata) -> (timespec, timespec)? {
        let omitted = timespec(tv_sec: 0, tv_nsec: lb_utime_omit)
        guard metadata.modified != .unknown || metadata.accessed != .unknown else { return nil }
        return (
            metadata.accessed == .unknown ? omitted : metadata.accessed.timespec,
            metadata.modified == .unknown ? omitted : metadata.modified.timespec
        )
    }

    private mutating func setAttributes(_ node: Node, _ place: Attributes.Place, mayHaveOthers: Bool) {
        let wanted = node.details.attributes
        if mayHaveOthers { removeOthers(wanted, place) }
        for attribute in wanted {
            guard !attribute.name.isEmpty, !attribute.name.contains(0) else {
                warnings.append(TreeError(.unsafeName, "an extended attribute has no usable name", subject: label.text))
                continue
            }
            let number = Attributes.set(attribute, place)
            if number != 0 { warn(number, "cannot set the attribute", attribute.name) }
        }
    }

    private mutating func removeOthers(_ wanted: [ExtendedAttribute], _ place: Attributes.Place) {
        guard let present = Attributes.list(place) else {
            return warnings.append(.system(errno, "cannot list extended attributes", label.text))
        }
        for name in present where Attributes.isOurs(name) && !wanted.contains(where: { $0.name == name }) {
            let number = Attributes.remove(name, place)
            if number != 0, number != ENODATA { warn(number, "cannot remove the attribute", name) }
        }
    }

    private mutating func warn(_ number: Int32, _ what: String, _ name: [UInt8]) {
        warnings.append(.system(number, "\(what) \(RawName.printable(name))", label.text))
    }

    private mutating func check(_ result: Int32, _ what: String) {
        if result != 0 { warnings.append(.system(errno, what, label.text)) }
    }
}

extension Attributes {
    static let defaultACL = Array("system.posix_acl_default".utf8)

    /// Is an attribute part of the thing, so that a restore removes it when the node has none? Labels of security modules
    /// are not: the system gives them to every file.
    static func isOurs(_ name: [UInt8]) -> Bool {
        name.starts(with: "user.".utf8) || name.starts(with: "trusted.".utf8)
            || name.starts(with: "system.posix_acl_".utf8) || name.elementsEqual("security.capability".utf8)
    }
}
