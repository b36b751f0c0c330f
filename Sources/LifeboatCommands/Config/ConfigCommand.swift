import ArgumentParser
import Configuration
import Settings

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check, show and explain the configuration file.",
        discussion: """
            The file is the one of --config, else of LIFEBOAT_CONFIG, else ./lifeboat.yaml, else /etc/lifeboat/lifeboat.yaml.

              lifeboat config example > lifeboat.yaml
              lifeboat config check --config lifeboat.yaml
              lifeboat config schema > lifeboat.schema.json
            """,
        subcommands: [
            ConfigCheckCommand.self, ConfigShowCommand.self, ConfigExampleCommand.self, ConfigSchemaCommand.self,
        ])
}

struct ConfigShowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print what is in effect, with all defaults; secrets as references only.")

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let configuration = try await ConfigurationAccess(context: context, options: global).load()
        if global.json {
            try context.output.print(configuration.effective.json())
        } else {
            for line in configuration.effective.yamlLines { try context.output.print(line) }
        }
        return .done
    }
}

struct ConfigExampleCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "example", abstract: "Print a complete file with comments.")

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.output.write(LifeboatConfiguration.example.utf8)
        return .done
    }
}

struct ConfigSchemaCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the file, for editors that complete and check.",
        discussion: """
            Draft 2020-12. Editors with the YAML language server find it by a first line such as

              # yaml-language-server: $schema=lifeboat.schema.json
            """)

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try context.output.print(LifeboatConfiguration.schema.json(isIndented: !global.json))
        return .done
    }
}
