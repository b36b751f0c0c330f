import ArgumentParser
import ObjectStore
import Repository
import Sealing

/// What a command that changes keys says.
private struct KeyChange: Report {
    let messageType = "key"
    let id: String
    let action: String

    enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case id, action
    }

    var lines: [String] { ["\(action) key \(id.prefix(8))"] }
}

struct KeyAddCommand: Command {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a password.")

    @OptionGroup var new: NewPasswordOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let id = try await repository.locked(.shared, access.locks) { _ in
            let (password, parameters) = try await Passwords(context: context, options: global)
                .new(secretFile: new.generatePasswordFile, file: new.newPasswordFile, usesConfigured: false)
            return try await repository.addKey(password: password, parameters: parameters, owner: access.keyOwner)
        }
        try context.output.report(KeyChange(id: id.hex, action: "added"), global)
        return .done
    }
}

struct KeyPasswdCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "passwd", abstract: "Change the password that opened the repository.",
        discussion: "The new key file is written and proven before the old one is removed. Other passwords stay.")

    @OptionGroup var new: NewPasswordOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let id = try await repository.locked(.exclusive, access.locks) { _ in
            let (password, parameters) = try await Passwords(context: context, options: global)
                .new(secretFile: new.generatePasswordFile, file: new.newPasswordFile, usesConfigured: false)
            return try await repository.changePassword(to: password, parameters: parameters, owner: access.keyOwner)
        }
        try context.output.report(KeyChange(id: id.hex, action: "changed the password; it has"), global)
        return .done
    }
}

struct KeyRemoveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a password, named by the ID of its key file.")

    @Argument(help: ArgumentHelp("ID of the key file, or the beginning of it.", valueName: "id"))
    var id: String

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RepositoryAccess(context: context, options: global)
        let repository = try await access.open()
        let digest = try await repository.locked(.exclusive, access.locks) { _ in
            let digest = try await find(in: repository)
            try await repository.removeKey(digest)
            return digest
        }
        try context.output.report(KeyChange(id: digest.hex, action: "removed"), global)
        return .done
    }

    /// By name alone: a damaged key file can be removed too.
    private func find(in repository: OpenRepository) async throws -> Digest {
        let found = try await repository.list(Layout.keys).filter { $0.hex.hasPrefix(id.lowercased()) }
        guard let first = found.first, found.count == 1, !id.isEmpty else {
            throw RepositoryError(
                .invalidArgument,
                found.isEmpty ? "no key file's ID begins with `\(id)`" : "\(found.count) key files begin with `\(id)`",
                subject: "keys/ of \(repository.location)", hint: "`lifeboat key list` lists them")
        }
        return first
    }
}
