import ArgumentParser
import Configuration
import Drills
import FoundationEssentials
import Recovery

struct DrillReportCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show what a drill proved: objective against achieved, and why.",
        discussion: """
            Reads the report that the drill left in `drills/ID` of the state folder, or, where that is gone, the one that is kept in \
            the repository. --html writes it as one page with a timeline, for people who were not there, --pdf the same for paper; \
            --json prints all of it. --step prints what a step wrote, all its attempts: the last MiB of it.

              lifeboat drill report D-20261121T083000Z
              lifeboat drill report D-20261121T083000Z --html report.html --pdf report.pdf
              lifeboat drill report D-20261121T083000Z --step restore
            """)

    @Argument(help: ArgumentHelp("The drill, or its folder when there is a / in it.", valueName: "id")) var id: String
    @Option(help: ArgumentHelp("Write the page to this file.", valueName: "file"), completion: .file()) var html:
        String?
    @Option(
        help: ArgumentHelp("Write the page as PDF to this file; WeasyPrint makes it.", valueName: "file"),
        completion: .file())
    var pdf: String?
    @Option(help: ArgumentHelp("Print what this step, or a decision's proposal, wrote.", valueName: "name"))
    var step: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if step != nil, html != nil || pdf != nil {
            throw ValidationError("--step and \(html != nil ? "--html" : "--pdf") exclude each other")
        }
        if global.json, html != nil || pdf != nil {
            throw ValidationError("--json and \(html != nil ? "--html" : "--pdf") exclude each other")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        if let step {
            try context.output.report(try await log(of: step, context), global)
            return .done
        }
        let report = try await report(context)
        if html != nil || pdf != nil {
            let page = DrillPage(report).html
            if let html { try write(Array(page.utf8), to: html, context) }
            if let pdf { try write(try await PDF.make(page, context), to: pdf, context) }
        } else if global.json {
            try context.output.write(Array(try report.json().utf8))
        } else if !global.quiet {
            for line in DrillReportText(report).lines { try context.output.print(line) }
        }
        return .done
    }

    private func write(_ bytes: [UInt8], to file: String, _ context: CommandContext) throws {
        do {
            try Data(bytes).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw CommandError(.fileUnusable, "the page cannot be written", subject: file, cause: error)
        }
        if !global.quiet { context.output.message("wrote \(file)") }
    }

    /// That of the folder, else that of the repository.
    private func report(_ context: CommandContext) async throws -> DrillReport {
        if id.contains("/") { return try DrillReport(of: DrillFolder(id)) }
        let folder = try await folder(context)
        if FileManager.default.fileExists(atPath: folder.report) { return try DrillReport(of: folder) }
        if FileManager.default.fileExists(atPath: folder.events) {
            throw DrillError(
                .fileFailed, "the drill has not ended, so there is no report", subject: folder.path,
                hint: "go on with `lifeboat drill run SCENARIO --environment NAME --resume \(id)`")
        }
        let opened = try await RecoveryAccess(context: context, options: global).open()
        if let stored = try await StoredDrillReport(opened.recovery.repository).read(id) { return stored }
        throw unknown(folder)
    }

    private func folder(_ context: CommandContext) async throws -> DrillFolder {
        if id.contains("/") { return DrillFolder(id) }
        let configuration = try await ConfigurationAccess(context: context, options: global).load()
        return DrillFolder("\(configuration.state)/drills/\(id)")
    }

    /// What a step wrote, by the folder, else by the repository.
    private func log(of step: String, _ context: CommandContext) async throws -> StepLogText {
        let report = try await report(context)
        guard let known = report.steps.first(where: { $0.id == step }) else {
            throw CommandError(
                .invalidArgument, "the drill has no step `\(step)`", subject: report.id,
                hint: "it has: " + report.steps.map(\.id).joined(separator: ", "))
        }
        if let log = StepLogText(of: step, attempts: known.attempts, in: try await folder(context)) { return log }
        if !id.contains("/") {
            let opened = try await RecoveryAccess(context: context, options: global).open()
            if let log = try await StoredDrillReport(opened.recovery.repository).log(of: step, id) { return log }
        }
        throw CommandError(
            .invalidArgument, "nothing is kept of what the step `\(step)` wrote", subject: report.id,
            hint: "decisions without a proposal, and steps that never ended, wrote nothing that is kept")
    }

    private func unknown(_ folder: DrillFolder) -> CommandError {
        CommandError(
            .invalidArgument, "no drill is called `\(id)`, neither here nor in the repository", subject: folder.path,
            hint: "`lifeboat drill list` shows all")
    }
}

extension StepLogText: Report {}

/// A report as lines for a terminal.
struct DrillReportText {
    let report: DrillReport

    init(_ report: DrillReport) { self.report = report }

    var lines: [String] {
        var lines = ["\(report.id)  \(report.scenario): \(report.title)", "verdict: \(report.headline)", ""]
        var table = TextTable(["", "objective", "achieved", ""])
        for row in report.objectives {
            let met = row.isMet.map { $0 ? "met" : "MISSED" } ?? "not known"
            table.add([
                row.name, DrillText.seconds(row.objectiveSeconds), DrillText.seconds(row.achievedSeconds), met,
            ])
        }
        lines += table.lines
        lines += report.reasons.map { "\($0.verdict.rawValue) \($0.code): \($0.message)" }
        if let choice = report.choice { lines.append(choice.message) }
        return lines
    }
}
