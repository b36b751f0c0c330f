import Glibc
import Sealing
import Trees

/// A folder of our own for the length of one run, closed to others: option files with a password, logs, sockets.
final class PrivateFolder: Sendable {
    /// Its path.
    let path: String

    /// Makes one in `base`.
    init(in base: String, _ purpose: String) throws {
        path = try FileTree.makeTemporaryFolder(in: base, purpose)
    }

    deinit { FileTree.remove(path) }

    /// Writes a file that only its owner may read.
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = "\(path)/\(name)"
        try SmallFile.writePrivate(file, bytes)
        return file
    }
}

/// MariaDB's tools, and how they reach a server: with an option file, so that no password is in an argument.
struct MariaDBTools: Sendable {
    /// Folder of the tools; nil looks in `PATH`.
    var folder: String?
    /// What children may see.
    var variables: [String: String]
    /// Called with what they say.
    var report: @Sendable (String) -> Void

    /// Tools as the settings name them.
    init(_ settings: MariaDBSettings, _ environment: SourceEnvironment) {
        folder = settings.toolFolder
        variables = environment.variables
        report = environment.report
    }

    /// A tool with its arguments.
    func command(_ name: String, _ arguments: [String]) -> ToolCommand {
        var command = ToolCommand(path(name), arguments, variables: variables)
        command.report = report
        return command
    }

    /// Where a tool is.
    func path(_ name: String) -> String { folder.map { "\($0)/\(name)" } ?? name }

    /// The full path of a program that only administrators have in `PATH`.
    func serverPath(_ name: String) -> String {
        let path = (variables["PATH"] ?? "").split(separator: ":").map(String.init)
        let folders = (folder.map { [$0] } ?? []) + path + ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/bin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 } ?? "/usr/sbin/\(name)"
    }

    /// What a tool says its version is.
    ///
    /// - Throws: `toolMissing`; `versionUnsupported` when it says nothing that is one.
    func version(of name: String) async throws -> MariaDBVersion {
        // mariadb-backup prints its version on its standard error.
        let lines = SaidLines()
        var command = command(name, ["--version"])
        command.report = { lines.add($0) }
        let text = try await command.text(timeout: .seconds(60)) + " " + lines.text
        guard let version = MariaDBVersion(in: text) else {
            throw SourceError(.versionUnsupported, "says no version: \(text)", subject: name)
        }
        return version
    }

    /// The option file for a server, in `folder`.
    static func optionFile(
        for server: ServerAddress, user: String, password: SecretSource?, in folder: PrivateFolder
    ) async throws -> String {
        var lines = ["user=\(quoted(user))"]
        if let password {
            let secret = try await password()
            lines.append("password=\(quoted(secret.withBytes { String(decoding: $0, as: UTF8.self) }))")
        }
        if let socket = server.socket {
            lines += ["socket=\(quoted(socket))", "protocol=socket"]
        } else {
            lines += ["host=\(quoted(server.host))", "protocol=tcp"]
            if let port = server.port { lines.append("port=\(port)") }
        }
        let body = lines.joined(separator: "\n") + "\n"
        // The tool for physical backups knows no `protocol`.
        let plain = lines.filter { !$0.hasPrefix("protocol=") }.joined(separator: "\n") + "\n"
        return try folder.write("client.cnf", Array("[client]\n\(body)[mariabackup]\n\(plain)".utf8))
    }

    /// A value as option files want it.
    static func quoted(_ value: String) -> String {
        var text = "\""
        for character in value.unicodeScalars {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default: text.unicodeScalars.append(character)
            }
        }
        return text + "\""
    }
}
