public import ArgumentParser

/// The command line.
public struct Lifeboat: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(commandName: "lifeboat", abstract: "Backup and recovery.")

    public init() {}
}
