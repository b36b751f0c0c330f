import ArgumentParser
import Repository
import Synchronization

struct CheckCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look for damage.",
        discussion: """
            Without options, everything but the data is read: keys, indexes, snapshots and trees, and that every blob they need is \
            in a pack of the right size. Damage inside packs is found by reading them.

              lifeboat check
              lifeboat check --read-data
              lifeboat check --read-data-subset 2/7      on Tuesdays: each pack once a week
              lifeboat check --read-data-subset 5%       a random part
            """)

    @Flag(help: "Read every pack from end to end.") var readData = false

    @Option(help: ArgumentHelp("Read a part of the packs: n/t, or p%.", valueName: "n/t|p%"))
    var readDataSubset: SubsetArgument?

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if readData, readDataSubset != nil {
            throw ValidationError("--read-data and --read-data-subset exclude each other")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let result: CheckResult
        if reading.noLock {
            result = try await check(repository, context)
        } else {
            result = try await repository.locked(.shared, access.locks) { _ in try await check(repository, context) }
        }
        try context.output.report(result, global)
        return result.report.isClean ? .done : .failed
    }

    private func check(_ repository: OpenRepository, _ context: CommandContext) async throws -> CheckResult {
        let collected = Findings()
        let latest = Latest()
        var settings = CheckSettings()
        settings.readData = readData ? .all : readDataSubset?.scope ?? .none
        let (output, isText) = (context.output, !global.json)
        settings.report = { finding in
            collected.append(finding)
            if isText, finding.severity != .note { finding.lines.forEach(output.message) }
        }
        settings.progress = { latest.set($0) }
        let report = try await context.withProgress(global) {
            latest.line($0)
        } _: {
            try await repository.check(settings)
        }
        return CheckResult(findings: collected.all, report: report)
    }
}

/// Which packs are read, on the command line.
struct SubsetArgument: ExpressibleByArgument, Equatable {
    let scope: ReadDataScope

    init?(argument: String) {
        if argument.hasSuffix("%") {
            guard let percent = Double(argument.dropLast()), percent > 0, percent <= 100 else { return nil }
            scope = .percent(percent, seed: UInt64.random(in: 0...UInt64.max))
            return
        }
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let part = parts[0], let total = parts[1], (1...256).contains(total),
            (1...total).contains(part)
        else { return nil }
        scope = .part(part, of: total)
    }
}

private final class Findings: Sendable {
    private let findings = Mutex<[CheckFinding]>([])

    func append(_ finding: CheckFinding) { findings.withLock { $0.append(finding) } }

    var all: [CheckFinding] { findings.withLock { $0 } }
}

private final class Latest: Sendable {
    private let progress = Mutex<CheckProgress?>(nil)

    func set(_ value: CheckProgress) { progress.withLock { $0 = value } }

    func line(_ elapsed: Duration) -> ProgressLine {
        let progress = progress.withLock { $0 }
        return ProgressLine(
            title: "check \(progress?.phase.rawValue ?? "")", byteCount: progress?.byteCount ?? 0,
            totalByteCount: progress.flatMap { $0.totalByteCount > 0 ? $0.totalByteCount : nil },
            fileCount: UInt64(progress?.count ?? 0), totalFileCount: progress?.total.map { UInt64($0) },
            failureCount: 0,
            noun: ("object", "objects"), elapsed: elapsed)
    }
}

extension CheckFinding {
    /// The finding as an error is shown.
    var lines: [String] {
        [("\(severity.rawValue): ", message), ("where: ", subject), ("hint:  ", hint)].filter { !$0.1.isEmpty }
            .map { $0.0 + $0.1 }
    }
}

/// What a check found.
private struct CheckResult: Report {
    let findings: [CheckFinding]
    let report: CheckReport

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case errors = "num_errors"
        case warnings = "num_warnings"
        case notes = "num_notes"
        case findings, snapshots, trees, blobs, packs
        case usedBlobs = "used_blobs"
        case readPacks = "packs_read"
        case readBytes = "bytes_read"
        case damagedPacks = "broken_packs"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("summary", forKey: .messageType)
        try container.encode(report.errorCount, forKey: .errors)
        try container.encode(report.warningCount, forKey: .warnings)
        try container.encode(report.noteCount, forKey: .notes)
        try container.encode(findings, forKey: .findings)
        try container.encode(report.snapshotCount, forKey: .snapshots)
        try container.encode(report.treeCount, forKey: .trees)
        try container.encode(report.blobCount, forKey: .blobs)
        try container.encode(report.usedBlobCount, forKey: .usedBlobs)
        try container.encode(report.packCount, forKey: .packs)
        try container.encode(report.readPackCount, forKey: .readPacks)
        try container.encode(report.readByteCount, forKey: .readBytes)
        try container.encode(report.damagedPacks, forKey: .damagedPacks)
    }

    var lines: [String] {
        var lines = findings.filter { $0.severity == .note }.map { "note: \($0.message) (\($0.subject))" }
        lines.append(
            "\(Units.count(report.snapshotCount, "snapshot")), \(Units.count(report.treeCount, "tree")), "
                + "\(Units.count(report.blobCount, "blob")) in \(Units.count(report.packCount, "pack")), "
                + "\(report.usedBlobCount) of the blobs used")
        if report.readPackCount > 0 {
            lines.append(
                "read \(Units.count(report.readPackCount, "pack")) from end to end, \(Units.bytes(report.readByteCount))"
            )
        }
        if !report.damagedPacks.isEmpty {
            lines.append("damaged packs: " + report.damagedPacks.joined(separator: " "))
        }
        lines.append(
            report.isClean
                ? "no errors were found"
                    + (report.warningCount > 0 ? ", \(Units.count(report.warningCount, "warning"))" : "")
                : "\(Units.count(report.errorCount, "error")) found; see above")
        return lines
    }
}
