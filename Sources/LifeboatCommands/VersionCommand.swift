import ArgumentParser

struct VersionCommand: Command {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var global: GlobalOptions

    private struct Version: Report {
        let version = Lifeboat.version
        let repositoryFormat = 2

        enum CodingKeys: String, CodingKey {
            case version
            case repositoryFormat = "repository_format"
        }

        var lines: [String] { ["lifeboat \(version) (restic repository format \(repositoryFormat))"] }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.output.report(Version(), global)
        return .done
    }
}
