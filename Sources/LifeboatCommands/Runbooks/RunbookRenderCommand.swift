import ArgumentParser
import DataSources
import Runbooks
import Sealing

struct RunbookRenderCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write a runbook for paper: HTML or PDF, with boxes to tick and lines to write on.",
        discussion: """
            Each step comes with its host, its longest time, and how long it took in the last drills, as far as the ledger can be \
            reached. The page needs nothing else. PDF is made by WeasyPrint (Debian: apt install weasyprint). Print it after every \
            edit; what hangs on the wall says in its last line which version it is.

              lifeboat runbook render D --pdf D.pdf
              lifeboat runbook render runbooks/D-database-corruption.md --html D.html --offline
            """)

    @Argument(help: ArgumentHelp("Letter of the scenario, or a file.", valueName: "runbook")) var runbook: String
    @Option(help: ArgumentHelp("Write HTML into this file.", valueName: "file"), completion: .file()) var html: String?
    @Option(help: ArgumentHelp("Write PDF into this file.", valueName: "file"), completion: .file()) var pdf: String?
    @OptionGroup var options: RunbookOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard html != nil || pdf != nil else {
            throw ValidationError("say what to write: --html FILE, --pdf FILE, or both")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try RunbookFolder(context: context, global: global, options: options).find(runbook)
        let words = await RunbookContacts(context: context, global: global).words()
        let history = try await RunbookLedger.reachable(context, global, ledger)
        let page = RunbookPage(
            found, words: words, durations: history?.durations(of: found) ?? [:],
            printed: RunbookInspection.day(context)
        ).html
        if let html { try TextFile.write(page.utf8, to: html) }
        if let pdf { try TextFile.write(try await PDF.make(page, context), to: pdf) }
        let files = [html, pdf].compactMap { $0 }
        try context.output.report(RenderReport(runbook: found.file, digest: found.digest.hex, files: files), global)
        return .done
    }
}

private struct RenderReport: Report {
    let runbook: String
    let digest: String
    let files: [String]

    var lines: [String] { files.map { "\($0): \(runbook) at \(digest.prefix(12))" } }
}

/// Pages of HTML as PDF.
enum PDF {
    /// WeasyPrint reads the page from its standard input. Nothing in it refers to elsewhere, so nothing is fetched.
    static func make(_ page: String, _ context: CommandContext) async throws -> [UInt8] {
        var command = ToolCommand(
            "weasyprint", ["--quiet", "-", "-"], variables: ChildEnvironment.allowed(context.environment))
        command.input = .bytes(Array(page.utf8))
        let bytes: [UInt8]
        do {
            bytes = try await command.run(timeout: .seconds(600))
        } catch let error as SourceError where error.code == .toolMissing {
            throw CommandError(
                .unsupported, "PDF is made by WeasyPrint, which is not here", subject: "weasyprint",
                hint: "apt install weasyprint, or write --html and print that from a browser", cause: error)
        }
        guard bytes.starts(with: Array("%PDF-".utf8)) else {
            throw CommandError(.unsupported, "WeasyPrint wrote something that is no PDF", subject: "weasyprint")
        }
        return bytes
    }
}
