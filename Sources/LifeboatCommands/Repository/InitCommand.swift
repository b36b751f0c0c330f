import ArgumentParser
import ObjectStore
import Repository
import Sealing

struct InitCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new repository.",
        discussion: """
            The address must be empty. A bucket must exist; a directory is made.

              lifeboat init --repo /srv/backup --generate-password-file /root/backup-password
              lifeboat init --repo s3:https://s3.example.org/backups/web1 --password-file /root/backup-password

            --generate-password-file writes 256 random bits into a new file that only you can read. Keep copies of it elsewhere. \
            A password of your own is asked for twice and made costly to guess.
            """)

    @Option(
        help: ArgumentHelp("Make this file, with a new random password in it.", valueName: "file"), completion: .file())
    var generatePasswordFile: String?

    @OptionGroup var global: GlobalOptions

    private struct Made: Report {
        let messageType = "initialized"
        let id: String
        let repository: String
        let passwordFile: String?

        enum CodingKeys: String, CodingKey {
            case messageType = "message_type"
            case id, repository
            case passwordFile = "password_file"
        }

        var lines: [String] {
            var lines = ["made repository \(id.prefix(10)) at \(repository)"]
            if let passwordFile {
                lines.append(
                    "the password is in \(passwordFile); keep a copy elsewhere, without it nothing can be restored")
            } else {
                lines.append("keep the password safe: without it nothing can be restored, by anyone")
            }
            return lines
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = try await RepositoryAccess(context: context, options: global).resolved()
        let store = try await access.store(makesDirectory: true)
        try await refuseExisting(Repository(store: store))
        let (password, parameters) = try await access.newPassword(secretFile: generatePasswordFile)
        let repository = try await Repository.create(
            in: store, password: password, parameters: parameters, owner: access.keyOwner)
        try context.output.report(
            Made(id: repository.config.id, repository: repository.location, passwordFile: generatePasswordFile), global)
        return .done
    }

    /// Before a password is asked for, or a file made.
    private func refuseExisting(_ repository: Repository) async throws {
        do {
            try await repository.probe()
        } catch let error as RepositoryError where error.code == .noRepository {
            return
        }
        throw RepositoryError(
            .alreadyExists, "a repository is here already", subject: repository.store.location,
            hint: "choose another place; `lifeboat key add` adds a password to this one")
    }
}
