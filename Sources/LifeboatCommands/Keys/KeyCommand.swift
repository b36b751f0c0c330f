import ArgumentParser

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "List, add, remove or change the passwords of a repository.",
        discussion: """
            Every password has a key file of its own, which opens the same master key. At most 20 may exist. Removing one does not \
            revoke what its holder has already read, nor a copy of the master key made meanwhile.
            """,
        subcommands: [KeyListCommand.self, KeyAddCommand.self, KeyRemoveCommand.self, KeyPasswdCommand.self])
}

/// Where a new password comes from.
struct NewPasswordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Make this file, with a new random password in it.", valueName: "file"), completion: .file())
    var generatePasswordFile: String?

    @Option(help: ArgumentHelp("Read the new password from this file.", valueName: "file"), completion: .file())
    var newPasswordFile: String?

    func validate() throws {
        if generatePasswordFile != nil, newPasswordFile != nil {
            throw ValidationError("--generate-password-file and --new-password-file exclude each other")
        }
    }
}
