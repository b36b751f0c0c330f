import Glibc
import Trees

/// Which subvolumes are to be snapshotted for the paths of a source, or why none are.
struct FileSnapshotPlan: Sendable {
    /// Subvolumes with the paths in them.
    private(set) var subvolumes: [(top: String, paths: [String])] = []

    /// What is done, and why not more.
    enum Decision: Sendable {
        case snapshots(FileSnapshotPlan)
        /// With a reason where one could have been hoped for.
        case walk(reason: String?)
    }

    /// Decides; changes nothing.
    ///
    /// - Throws: `invalidSetting` when a snapshot is asked for and cannot be had.
    static func decide(
        _ settings: FileSettings, variables: [String: String]
    ) async throws -> Decision {
        if settings.snapshot == .none { return .walk(reason: nil) }
        var plan = FileSnapshotPlan()
        for path in settings.paths {
            guard let top = subvolume(of: path) else {
                return try refuse(settings, "\(path) is not on btrfs", isHoped: false)
            }
            if let index = plan.subvolumes.firstIndex(where: { $0.top == top }) {
                plan.subvolumes[index].paths.append(path)
            } else {
                plan.subvolumes.append((top, [path]))
            }
        }
        for (top, paths) in plan.subvolumes {
            let inside = try await insiders(of: top, variables: variables)
            let patterns = try PatternList(settings.excludes)
            for other in inside where !patterns.matches(RawPath.clean(Array(other.utf8))) {
                guard let path = paths.first(where: { other.hasPrefix($0 == "/" ? "/" : $0 + "/") }) else { continue }
                return try refuse(
                    settings, "\(other) is another subvolume or mount within \(path), which a snapshot leaves out",
                    isHoped: true)
            }
        }
        return .snapshots(plan)
    }

    /// Subvolumes and mounts within a subvolume.
    private static func insiders(of top: String, variables: [String: String]) async throws -> [String] {
        let nested = try await BtrfsSnapshot.nested(in: top, variables: variables)
        return nested + (MountTable.current()?.below(top) ?? [])
    }

    /// The subvolume of a path that leads through no symlink.
    private static func subvolume(of path: String) -> String? {
        let clean = String(decoding: RawPath.absolute(RawPath.clean(Array(path.utf8))), as: UTF8.self)
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved) == clean ? BtrfsSnapshot.subvolume(of: clean) : nil
    }

    private static func refuse(_ settings: FileSettings, _ reason: String, isHoped: Bool) throws -> Decision {
        guard settings.snapshot == .btrfs else { return .walk(reason: isHoped ? reason : nil) }
        throw SourceError(
            .invalidSetting, "no btrfs snapshot can be made: \(reason)", subject: settings.paths.first ?? "",
            hint: "name subvolumes and mounts as paths of their own source, exclude them, or set snapshot: none")
    }
}
