import DataSources
import Settings

extension FileSettings {
    init(_ fields: Fields) {
        self.init(
            paths: fields.required(
                "paths", .list(of: .path, minimumCount: 1), help: "what is saved; absolute paths"))
        excludes = fields("exclude", .list(of: .line), help: "patterns of what is left out", default: [])
        excludesCaches = fields(
            "exclude-caches", .boolean, help: "leave out what is in directories that a CACHEDIR.TAG marks",
            default: excludesCaches)
        staysOnFileSystem = fields(
            "one-file-system", .boolean, help: "do not go into other file systems", default: staysOnFileSystem)
        mounts = fields(
            "mounts", .list(of: .path), help: "paths that must be mount points, else the source has failed", default: []
        )
        before = fields("before", .list(of: .text), help: "shell commands run before reading", default: [])
        after = fields(
            "after", .list(of: .text), help: "shell commands run after reading, whatever happened", default: [])
        restoreFirst = fields(
            "restore-first", .list(of: .line),
            help: "patterns of what comes back before the rest of it when it is restored into a folder", default: [])
        snapshot = fields(
            "snapshot", .choice(FileSnapshotMethod.self),
            help: "auto: btrfs where every path is in a subvolume; btrfs: fail where not; none: the live tree",
            default: snapshot)
        minimumFileCount = UInt64(
            fields(
                "minimum-files", .integer(0...1_000_000_000_000), help: "a snapshot with fewer files is suspect",
                default: Int(minimumFileCount)))
        maximumShrinkage = fields(
            "maximum-shrinkage", .number(0...1),
            help: "a snapshot that lost more than this share of the last one's files is suspect",
            default: maximumShrinkage)
    }
}
