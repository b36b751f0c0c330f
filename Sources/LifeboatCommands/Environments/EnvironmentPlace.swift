import ArgumentParser

/// Which environment is meant, and where its files are.
struct EnvironmentPlace: ParsableArguments {
    @Option(
        name: .customLong("dir"),
        help: ArgumentHelp(
            "Folder for what the environment is made of (default: /var/tmp/lifeboat-NAME).", valueName: "dir"),
        completion: .directory)
    var folder: String?

    @Option(
        help: ArgumentHelp("Folder with scenarios and environments (default: ./scenarios).", valueName: "dir"),
        completion: .directory)
    var scenarios = "scenarios"
}

/// One environment, and where its files are.
struct ChosenEnvironment: ParsableArguments {
    @Argument(help: ArgumentHelp("Its name, or its file.", valueName: "environment")) var name: String
    @OptionGroup var options: EnvironmentPlace

    func access(_ context: CommandContext) -> EnvironmentAccess {
        EnvironmentAccess(context: context, name: name, options: options)
    }
}
