import Glibc

/// Tells a disk that ran full from a backup that is bad: engines say either in words of their own, and proof of nothing is what
/// a full disk is.
enum FullDisk {
    /// Less than this is full: servers want their logs in larger pieces.
    private static let leastByteCount: UInt64 = 1 << 20
    /// How engines and tools say it.
    private static let words = [
        "no space", "disk full", "disk is full", "errno: 28", "error 28", "errno 28", "error number 28",
        "could not extend file",
        "not enough space",
    ]

    /// The error to show in place of `error` when the disk was the reason; nil when it was not. Blocks.
    static func error(behind error: any Error, at workspace: Workspace) -> RecoveryError? {
        let failure = PointPart.Failure(error)
        if let known = error as? RecoveryError, known.code == .targetUnusable { return nil }
        let text = (failure.message + " " + failure.hint).lowercased()
        guard words.contains(where: text.contains) || isFull(workspace) else { return nil }
        let place = workspace.base.isEmpty ? workspace.data.parentFolder : workspace.base.parentFolder
        let said = failure.hint.hasPrefix("it said: ") ? " (\(failure.hint.dropFirst(9)))" : ""
        return RecoveryError(
            .targetUnusable, "there was not enough space: \(failure.message)\(said)", subject: place,
            hint: workspace.base.isEmpty
                ? "make room there" : "make room there, or set `state:` to a folder on a larger disk", cause: error)
    }

    private static func isFull(_ workspace: Workspace) -> Bool {
        let place = workspace.base.isEmpty ? workspace.data.parentFolder : workspace.base
        var status = statvfs()
        guard statvfs(place, &status) == 0 else { return false }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) < leastByteCount
    }
}
