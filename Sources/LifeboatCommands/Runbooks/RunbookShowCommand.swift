import ArgumentParser
import Runbooks
import Sealing
import Settings

struct RunbookShowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a runbook as text, with contacts filled in.",
        discussion:
            "Where the repository can be reached, each step says how long it took in the last drills that passed.")

    @Argument(help: ArgumentHelp("Letter of the scenario, or a file.", valueName: "runbook")) var runbook: String
    @OptionGroup var options: RunbookOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try RunbookFolder(context: context, global: global, options: options).find(runbook)
        let words = await RunbookContacts(context: context, global: global).words()
        let history = try await RunbookLedger.reachable(context, global, ledger)
        try context.output.report(
            RunbookDetail(runbook: found, words: words, durations: history?.durations(of: found) ?? [:]), global)
        return .done
    }
}

private struct RunbookDetail: Report {
    private struct Content: Encodable {
        let head: RunbookRow
        let variables: [String]
        let actions: [RunbookAction]
        /// Seconds that each step took in the last drills that passed, oldest first.
        let durations: [String: [Double]]
    }

    let runbook: Runbook
    let words: RunbookWords
    let durations: [String: [Double]]

    func encode(to encoder: any Encoder) throws {
        try Content(
            head: RunbookRow(runbook), variables: runbook.head.variables, actions: runbook.actions,
            durations: durations
        ).encode(to: encoder)
    }

    var lines: [String] {
        let head = RunbookRow(runbook)
        return [
            "\(head.scenario): \(head.title)", "objective: \(head.objective)",
            "owner:     \(head.owner), reads it again by \(head.reviewBy)", "version:   \(head.digest)",
        ] + runbook.sections.flatMap(section)
    }

    private func section(_ section: Runbook.Section) -> [String] {
        (section.title.isEmpty ? [] : ["", section.title.uppercased()]) + section.items.flatMap(item)
    }

    private func item(_ item: Runbook.Item) -> [String] {
        switch item {
        case .text(_, let source, _):
            [""] + words.text(source).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        case .step(let step): [""] + RunbookText.step(step) + measured(step.id)
        case .decision(let decision): [""] + RunbookText.decision(decision, words) + measured(decision.id)
        }
    }
}

extension RunbookDetail {
    /// What it took in drills.
    private func measured(_ id: String) -> [String] {
        guard let seconds = durations[id], !seconds.isEmpty else { return [] }
        return ["  in drills: " + seconds.map { DrillText.seconds($0) }.joined(separator: ", ")]
    }
}

/// Steps and decisions as lines.
enum RunbookText {
    static func step(_ step: RunbookStep) -> [String] {
        ["STEP \(step.id), on \(step.script.host)\(limit(step.script))"] + indented(step.script.text)
            + (step.verification.map { ["  shows that it worked, on \($0.host)\(limit($0)):"] + indented($0.text) }
                ?? [])
    }

    static func decision(_ decision: RunbookDecision, _ words: RunbookWords) -> [String] {
        ["DECIDE \(decision.id)" + (decision.timeout.map { ", within \(Quantity.text($0))" } ?? "")]
            + indented(words.text(decision.question))
            + (decision.proposal.map {
                ["  what is known, on \($0.host)\(limit($0)); the last line is proposed:"] + indented($0.text)
            }
                ?? [])
    }

    static func limit(_ script: RunbookScript) -> String {
        script.timeout.map { ", at most \(Quantity.text($0))" } ?? ""
    }

    static func indented(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.reversed()
            .drop { $0.allSatisfy(\.isWhitespace) }.reversed()
    }
}
