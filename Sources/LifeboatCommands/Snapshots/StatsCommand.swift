import ArgumentParser
import Repository

struct StatsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Say how much snapshots hold.",
        discussion: """
            --mode restore-size: what restoring each snapshot would write (the default).
            --mode files-by-contents: every different content once.
            --mode blobs-per-file: the different blobs of every different content.
            --mode raw-data: what the blobs in use take in the repository.

              lifeboat stats latest
              lifeboat stats --mode raw-data
            """)

    @Argument(help: ArgumentHelp("Only these snapshots.", valueName: "snapshot")) var snapshots: [String] = []

    @OptionGroup var filter: SnapshotFilterOptions

    @Option(
        help: ArgumentHelp(
            "What is counted.", valueName: "restore-size|files-by-contents|blobs-per-file|raw-data"))
    var mode = StatsModeArgument(.restoreSize)

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await RepositoryAccess(context: context, options: global).reading(reading) { repository in
            var entries = [SnapshotEntry]()
            for text in snapshots { entries.append(try await repository.findSnapshot(text, filter: filter.filter)) }
            if snapshots.isEmpty {
                entries = try await repository.snapshots().entries.filter { filter.filter.matches($0.snapshot) }
            }
            let report = try await repository.indexed().stats(entries, mode: mode.value)
            try context.output.report(Stats(report, mode.value), global)
        }
        return .done
    }
}

/// What is counted, on the command line.
struct StatsModeArgument: ExpressibleByArgument {
    let value: StatsMode

    init(_ value: StatsMode) { self.value = value }

    init?(argument: String) {
        guard let value = StatsMode(rawValue: argument) else { return nil }
        self.value = value
    }

    static var allValueStrings: [String] { StatsMode.allCases.map(\.rawValue) }

    var defaultValueDescription: String { value.rawValue }
}

/// Sums in restic's words.
private struct Stats: Report {
    private let mode: StatsMode
    private let report: StatsReport

    init(_ report: StatsReport, _ mode: StatsMode) {
        self.mode = mode
        self.report = report
    }

    private enum CodingKeys: String, CodingKey {
        case size = "total_size"
        case files = "total_file_count"
        case blobs = "total_blob_count"
        case plain = "total_uncompressed_size"
        case ratio = "compression_ratio"
        case snapshots = "snapshots_count"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(report.byteCount, forKey: .size)
        try container.encode(report.snapshotCount, forKey: .snapshots)
        if mode != .rawData { try container.encode(report.fileCount, forKey: .files) }
        if mode == .rawData || mode == .blobsPerFile { try container.encode(report.blobCount, forKey: .blobs) }
        if mode == .rawData {
            try container.encode(report.plainByteCount, forKey: .plain)
            try container.encode(report.compressionRatio, forKey: .ratio)
        }
    }

    var lines: [String] {
        var lines = ["snapshots: \(report.snapshotCount)"]
        if mode != .rawData { lines.append("files:     \(report.fileCount)") }
        if mode == .rawData || mode == .blobsPerFile { lines.append("blobs:     \(report.blobCount)") }
        if mode == .rawData {
            lines.append("plain:     \(Units.bytes(report.plainByteCount))")
            lines.append("ratio:     \(Units.decimal(report.compressionRatio, 2))")
        }
        return lines + ["size:      \(Units.bytes(report.byteCount)) (\(mode.rawValue))"]
    }
}
