import ArgumentParser
import Repository
import Sealing

struct KeyListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List key files; * marks the one in use.")

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    private struct Key: Encodable {
        let current: Bool
        let id: String
        let userName: String
        let hostName: String
        let created: String
    }

    private struct Keys: Report {
        let keys: [Key]

        func encode(to encoder: any Encoder) throws { try keys.encode(to: encoder) }

        var lines: [String] {
            var table = TextTable(["ID", "User", "Host", "Created"])
            for key in keys {
                table.add([(key.current ? "*" : " ") + key.id.prefix(8), key.userName, key.hostName, key.created])
            }
            return table.lines
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let keys = try await RepositoryAccess(context: context, options: global).reading(reading) {
            try await $0.keys()
        }
        let rows = keys.map { key in
            Key(
                current: key.isCurrent, id: key.digest.hex, userName: key.owner.username, hostName: key.owner.hostname,
                created: key.owner.created)
        }
        try context.output.report(Keys(keys: rows), global)
        return .done
    }
}
