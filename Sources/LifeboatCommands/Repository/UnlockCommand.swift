import ArgumentParser
import Glibc
import Repository

struct UnlockCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "unlock", abstract: "Remove locks that dead processes left behind.",
        discussion: """
            Removed are locks older than 30 minutes, and those of processes of this machine that are gone. A lock that is held is \
            refreshed every five minutes, so it stays.

            --remove-all removes the locks of running processes too. A prune that runs beside a backup then may delete what the \
            backup relies on: be sure that nobody else works.
            """)

    @Flag(help: "Remove all locks, whoever holds them.") var removeAll = false

    @OptionGroup var global: GlobalOptions

    private struct Removed: Report {
        let messageType = "unlocked"
        let removed: Int

        enum CodingKeys: String, CodingKey {
            case messageType = "message_type"
            case removed
        }

        var lines: [String] {
            [removed == 0 ? "there was nothing to remove" : "removed \(Units.count(removed, "lock"))"]
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let repository = try await RepositoryAccess(context: context, options: global).open()
        let removed = try await repository.unlock(
            all: removeAll, now: context.now(), hostname: context.hostname, isAlive: UnlockCommand.isAlive)
        try context.output.report(Removed(removed: removed), global)
        return .done
    }

    /// Is there a process of that number? Asked with signal 0, which disturbs nobody.
    private static func isAlive(_ process: Int32) -> Bool {
        process > 0 && (kill(process, 0) == 0 || errno == EPERM)
    }
}
