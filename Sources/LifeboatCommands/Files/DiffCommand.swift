import ArgumentParser
import Repository
import Sealing
import Trees

struct DiffCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what differs between two snapshots.",
        discussion: """
            Marks: + added, - removed, M content modified, T another kind of thing, U only owner, mode or times (with --metadata).

              lifeboat diff 1a2b3c4d latest
              lifeboat diff --metadata 1a2b3c4d 5e6f7a8b
            """)

    @Argument(help: ArgumentHelp("The older snapshot.", valueName: "snapshot")) var before: String
    @Argument(help: ArgumentHelp("The newer snapshot.", valueName: "snapshot")) var after: String

    @Flag(help: "Show also things of which only owner, mode or times differ.") var metadata = false

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await RepositoryAccess(context: context, options: global).reading(reading) { repository in
            let one = try await repository.findSnapshot(before)
            let other = try await repository.findSnapshot(after)
            let (output, isJSON, isQuiet) = (context.output, global.json, global.quiet)
            let report = try await repository.indexed()
                .diff(one.tree, other.tree, includesMetadata: metadata) { change in
                    let path = RawPath.absolute(change.path) + (change.isDirectory ? [UInt8(ascii: "/")] : [])
                    if isJSON {
                        try output.json(
                            Change(path: String(decoding: path, as: UTF8.self), modifier: change.kind.rawValue))
                    } else if !isQuiet {
                        try output.print("\(change.kind.rawValue)    \(RawName.printable(path))")
                    }
                }
            try output.report(Statistics(report, one.id.hex, other.id.hex), global)
        }
        return .done
    }

    private struct Change: Encodable {
        let messageType = "change"
        let path: String
        let modifier: String

        enum CodingKeys: String, CodingKey {
            case messageType = "message_type"
            case path, modifier
        }
    }
}

/// The sums of a comparison.
private struct Statistics: Report {
    private let messageType = "statistics"
    private let source: String
    private let target: String
    private let changedFiles: Int
    private let added: Side
    private let removed: Side

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case source = "source_snapshot"
        case target = "target_snapshot"
        case changedFiles = "changed_files"
        case added, removed
    }

    private struct Side: Encodable {
        let files: Int
        let dirs: Int
        let others: Int
        let dataBlobs: Int
        let treeBlobs: Int
        let bytes: UInt64

        enum CodingKeys: String, CodingKey {
            case files, dirs, others, bytes
            case dataBlobs = "data_blobs"
            case treeBlobs = "tree_blobs"
        }

        init(_ side: DiffReport.Side) {
            files = side.fileCount
            dirs = side.directoryCount
            others = side.otherCount
            dataBlobs = side.dataBlobCount
            treeBlobs = side.treeBlobCount
            bytes = side.byteCount
        }

        var text: String {
            "\(Units.count(files, "file")), \(Units.count(dirs, "directory", "directories")), "
                + "\(Units.count(others, "other thing")), \(Units.bytes(bytes))"
        }
    }

    init(_ report: DiffReport, _ source: String, _ target: String) {
        self.source = source
        self.target = target
        changedFiles = report.modifiedCount
        added = Side(report.added)
        removed = Side(report.removed)
    }

    var lines: [String] { ["added:    \(added.text)", "removed:  \(removed.text)", "modified: \(changedFiles)"] }
}
