import ArgumentParser
import Configuration
import ObjectStore
import Sealing
import Settings

struct ConfigCheckCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say what is wrong with the file, and how many blobs its sources will give.",
        discussion: """
            Everything wrong is told at once, with line and column, and the exit code is 1. Secrets are not fetched and servers not \
            asked: that is for `lifeboat doctor`.

            Each blob is listed, with 67 bytes, in every snapshot in which its file changed. Sizes are those of the files and data \
            folders on this machine, compression and deduplication not counted.
            """)

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let configuration = try await ConfigurationAccess(context: context, options: global).load()
        let lane = BlockingLane(name: "sizes", threadCount: 1)
        var sizes = [SourceSize]()
        for source in configuration.sources {
            sizes.append(await lane.run { SourceSize.look(at: source) })
        }
        try context.output.report(ConfigCheckReport(configuration, sizes), global)
        return .done
    }
}

/// What `config check` has to tell of a file without problems.
struct ConfigCheckReport: Report {
    let messageType = "config_check"
    let file: String
    let sha256: String
    let service: String
    let storeCount: Int
    let planCount: Int
    let warnings: [SettingsProblem]
    let sources: [SourceSize]

    enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case file, sha256, service
        case storeCount = "store_count"
        case planCount = "plan_count"
        case warnings, sources
    }

    init(_ configuration: LifeboatConfiguration, _ sizes: [SourceSize]) {
        file = configuration.file
        sha256 = configuration.digest.hex
        service = configuration.service
        storeCount = configuration.stores.count
        planCount = configuration.plans.count
        warnings = configuration.warnings
        sources = sizes
    }

    var lines: [String] {
        var lines = [String]()
        for warning in warnings {
            lines.append("warning: \(warning.text)")
            if !warning.hint.isEmpty { lines.append("hint:  \(warning.hint)") }
        }
        var table = TextTable(
            ["Source", "Kind", "Files", "Size", "Blobs", "Metadata"], right: ["Files", "Size", "Blobs", "Metadata"])
        for source in sources {
            table.add([source.name, source.kind] + (source.counts?.cells ?? ["-", "-", source.why ?? "-", "-"]))
        }
        lines += table.lines
        let counts = [
            Units.count(sources.count, "source"), Units.count(storeCount, "store"), Units.count(planCount, "plan"),
        ]
        lines.append("\(file): \(counts.joined(separator: ", ")), no problems")
        return lines
    }
}
