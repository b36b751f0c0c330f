import ArgumentParser
import Repository

/// Which snapshots are meant: by host, tag and path.
struct SnapshotFilterOptions: ParsableArguments {
    @Option(name: [.customShort("H"), .long], help: ArgumentHelp("Only snapshots of this host.", valueName: "name"))
    var host: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only snapshots with all of these tags; given more than once, any of the lists.", valueName: "tag[,tag…]"))
    var tag: [String] = []

    @Option(help: ArgumentHelp("Only snapshots of this path.", valueName: "path"))
    var path: [String] = []

    /// The filter for the engine.
    var filter: SnapshotFilter {
        var filter = SnapshotFilter()
        filter.hosts = host
        filter.tags = tag.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        filter.paths = path
        return filter
    }
}
