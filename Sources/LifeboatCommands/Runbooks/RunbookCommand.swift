import ArgumentParser

struct RunbookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runbook", abstract: "List, check, approve, print and follow the procedures for emergencies.",
        discussion: """
            A runbook is a Markdown file that a person follows and that a drill carries out. Runbooks are the files of the folder \
            `runbooks` beside the configuration, or of --runbooks; each is named by the letter of its scenario, or by its path.

              lifeboat runbook list
              lifeboat runbook check
              lifeboat runbook render D --pdf D.pdf
              lifeboat runbook follow D
            """,
        subcommands: [
            RunbookListCommand.self, RunbookShowCommand.self, RunbookCheckCommand.self, RunbookApproveCommand.self,
            RunbookRenderCommand.self, RunbookFollowCommand.self,
        ], defaultSubcommand: RunbookListCommand.self)
}

/// Where runbooks are.
struct RunbookOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the runbooks (default: `runbooks` beside the configuration, else ./runbooks).", valueName: "dir"),
        completion: .directory)
    var runbooks: String?
}

/// The environment that a runbook is for.
struct EnvironmentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The environment, by its name or its file: hosts and variables.", valueName: "name"),
        completion: .file(extensions: ["yaml"]))
    var environment: String?

    @OptionGroup var place: EnvironmentPlace

    @Option(
        help: ArgumentHelp(
            "File of NAME=value that `up` has written, for ${NAME} in the environment.", valueName: "file"),
        completion: .file())
    var values: String?
}

/// Whether the ledger is asked.
struct LedgerOptions: ParsableArguments {
    @Flag(help: "Ask no repository: nothing is said about approvals and drills.") var offline = false
}
