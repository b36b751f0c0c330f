import ArgumentParser
import DataSources
import Recovery
import Sealing
import Trees

struct FindEventCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "find-event", abstract: "Find the transaction that did the damage.",
        discussion: """
            Looks through the journal of a database, and prints for each transaction that fits where it is, what it did, and the \
            command that restores what was there before it.

              lifeboat find-event app-db --drop files
              lifeboat find-event app-db --action drop --action truncate --between -2h now
              lifeboat find-event app-db --delete-from app.files --rows 1000 --between '2026-11-21 02:00:00' now

            PostgreSQL's log names files, not tables. What they are called is read from the live server and from the bases; what \
            happened to a file without a known name is listed too, whatever table is asked for.
            """)

    @Argument(help: ArgumentHelp("The database's source.", valueName: "source")) var source: String
    @Option(help: ArgumentHelp("DROP of this table.", valueName: "table")) var drop: String?
    @Option(help: ArgumentHelp("DELETE of its rows.", valueName: "table")) var deleteFrom: String?
    @Option(help: ArgumentHelp("UPDATE of its rows.", valueName: "table")) var update: String?
    @Option(help: ArgumentHelp("TRUNCATE of this table.", valueName: "table")) var truncate: String?
    @Option(
        help: ArgumentHelp(
            "This, of any table: drop, truncate, alter, create, insert, update, delete; may be given several times.",
            valueName: "action"),
        transform: FindEventCommand.action)
    var action: [EventQuestion.Action] = []
    @Option(
        help: ArgumentHelp(
            "From one moment to another, given as two: times, `-15m`, `now`.", valueName: "time"))
    var between: [MomentArgument] = []
    @Option(help: ArgumentHelp("At least so many rows.", valueName: "count")) var rows: UInt64 = 0
    @Option(help: ArgumentHelp("Of this history; the live one otherwise.", valueName: "number")) var timeline: UInt32?
    @Option(help: ArgumentHelp("No more than this.", valueName: "count")) var limit = 100
    @OptionGroup var global: GlobalOptions

    /// `--between A B` as `--between=A --between=B`, since `-15m` would be taken for an option.
    static func spelled(_ arguments: [String]) -> [String] {
        guard arguments.contains(configuration.commandName ?? ""), let index = arguments.firstIndex(of: "--between"),
            index + 2 < arguments.count
        else { return arguments }
        let two = arguments[(index + 1)...(index + 2)]
        guard two.allSatisfy({ MomentArgument(argument: $0) != nil }) else { return arguments }
        return arguments[..<index] + two.map { "--between=\($0)" } + arguments[(index + 3)...]
    }

    private static func action(_ word: String) throws -> EventQuestion.Action {
        if let action = EventQuestion.Action(rawValue: word) { return action }
        throw ValidationError(
            "there is no action `\(word)`: " + EventQuestion.Action.allCases.map(\.rawValue).joined(separator: ", "))
    }

    func validate() throws {
        let named = [drop, deleteFrom, update, truncate].filter { $0 != nil }.count
        guard named + (action.isEmpty ? 0 : 1) <= 1 else {
            throw ValidationError("give one of --drop, --delete-from, --update, --truncate, --action")
        }
        guard between.isEmpty || between.count == 2 else { throw ValidationError("--between takes two moments") }
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is 1 to 100000") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let known = try await AnySecond.read(try opened.source(source), in: opened.recovery)
        let answer = try await EventSearch(known, in: opened.recovery).find(
            question(context), timeline: timeline, limit: limit)
        for file in answer.missing {
            context.output.message("warning: \(file) was not looked at, since its beginning is missing")
        }
        for note in answer.notes { context.output.message(note) }
        let isCut = answer.transactions.count == limit
        let report = FoundReport(
            source: source, transactions: answer.transactions, byteCount: answer.byteCount, isCut: isCut,
            live: known.planner.live)
        try context.output.report(report, global)
        return answer.missing.isEmpty ? .done : .failed
    }

    private func question(_ context: CommandContext) -> EventQuestion {
        var question = EventQuestion()
        question.actions = Set(action)
        let asked: [(String?, EventQuestion.Action)] = [
            (drop, .drop), (deleteFrom, .delete), (update, .update), (truncate, .truncate),
        ]
        for (table, action) in asked {
            guard let table else { continue }
            question.actions = [action]
            question.table = table
        }
        if case .time(let time) = between.first?.target(now: context.now()) { question.from = time }
        if case .time(let time) = between.last?.target(now: context.now()) { question.to = time }
        question.minimumRowCount = rows
        return question
    }
}

/// Transactions that may have done it.
private struct FoundReport: Report {
    let source: String
    let transactions: [FoundTransaction]
    let byteCount: UInt64
    let isCut: Bool
    let live: UInt32?

    enum CodingKeys: String, CodingKey {
        case source, transactions
        case byteCount = "byte_count"
        case isCut = "is_cut"
    }

    var lines: [String] {
        let count = Units.count(transactions.count, "transaction")
        var lines = transactions.flatMap(lines(of:))
        lines.append("\(count) in \(Units.bytes(byteCount)) of log" + (isCut ? "; there may be more: --limit" : ""))
        return lines
    }

    private func lines(of found: FoundTransaction) -> [String] {
        let timeline = found.timeline == live ? "" : " --timeline \(found.timeline)"
        return ["\(found.position)  \(Units.zonedTime(found.time))  \(found.file):\(found.offset)"]
            + found.changes.map { "  " + words($0) }
            + ["  lifeboat restore --before-position \(found.position)\(timeline) --source \(source) --into scratch"]
    }

    private func words(_ change: FoundTransaction.Change) -> String {
        let rows = change.rowCount.map { ", \(Units.count($0, "row"))" } ?? ""
        let statement = change.statement.map { ": " + RawName.printable(Array($0.utf8)) } ?? ""
        let table = change.isNameless ? "a table whose name is not known (\(change.table))" : change.table
        return change.action + (table.isEmpty ? "" : " \(table)") + rows + statement
    }
}
