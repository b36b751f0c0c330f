import DataSources
import Recovery

/// Reads commands, carries them out, answers.
struct ExploreLoop {
    let exploration: Exploration
    let context: CommandContext
    let global: GlobalOptions
    let phase: (PointRestore.Phase) -> Void
    private let input = LineInput()

    init(
        exploration: Exploration, context: CommandContext, global: GlobalOptions,
        phase: @escaping (PointRestore.Phase) -> Void
    ) {
        self.exploration = exploration
        self.context = context
        self.global = global
        self.phase = phase
    }

    /// Until `quit`, the end of the input, or an interruption. A command that fails is told, and the next one is read; then the
    /// status is not that of success.
    func run() async throws -> ExitStatus {
        var status = ExitStatus.done
        try answer(StandingAnswer(exploration))
        while true {
            prompt()
            guard let line = try await input.next() else { break }
            do {
                guard try await carryOut(try ExploreLine(line)) else { break }
            } catch let error as OutputClosed {
                throw error
            } catch {
                try Task.checkCancellation()
                context.output.erase()
                try answer(FailedAnswer(error: ErrorReport(error)))
                status = .failed
            }
        }
        try Task.checkCancellation()
        return status
    }

    private func prompt() {
        guard input.isTerminal, !global.json, !global.quiet else { return }
        try? context.output.write(Array("lifeboat> ".utf8))  // an answer will tell that nobody reads
        try? context.output.flush()
    }

    private func answer(_ report: some Report) throws {
        context.output.erase()
        try context.output.report(report, global)
        try context.output.flush()
    }

    /// - Returns: false when this was the last.
    private func carryOut(_ line: ExploreLine) async throws -> Bool {
        switch line {
        case .nothing: break
        case .quit: return false
        case .help: try answer(HelpAnswer())
        case .whereabouts: try answer(StandingAnswer(exploration))
        case .next(let count):
            try answer(NextAnswer(transactions: try await exploration.next(count)))
        case .step(let step):
            _ = try await exploration.step(step, phase: phase)
            try answer(StandingAnswer(exploration))
        case .client: try await openClient()
        case .sql(let sql, let database):
            let statement = sql.hasSuffix(";") ? sql : sql + ";"
            try answer(RowsAnswer(rows: try await exploration.query(statement, database: database)))
        case .export(let request):
            try await exploration.export(request)
            try answer(ExportAnswer(request))
        case .diff(let table, let condition, let key, let folder, let file):
            var request = DiffRequest(table: table, file: file)
            (request.condition, request.key, request.filesFolder) = (condition, key, folder)
            try answer(DiffAnswer(result: try await exploration.diff(request)))
        case .promote:
            try await exploration.promote()
            try answer(PromotedAnswer(exploration))
        }
        return true
    }

    private func openClient() async throws {
        let server = try exploration.server()
        guard input.isTerminal else {
            throw CommandError(
                .invalidArgument, "there is no terminal to open a client on", subject: "sql",
                hint: "`sql SELECT …` runs one statement; else: \(server.howToConnect.first ?? "")")
        }
        try context.output.flush()
        var (words, variables) = server.client(database: nil)
        // Without it the client could not edit its line.
        variables["TERM"] = context.environment["TERM"]
        try await TerminalProgram(words: words, variables: variables).run()
    }
}
