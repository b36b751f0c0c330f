/// A private server that a person looks around in, with the engine's own tools.
public protocol ExploredServer: ScratchServer {
    /// The engine's client, to be run on a terminal: program and arguments, none of them secret, and its environment.
    func client(database: String?) -> (words: [String], variables: [String: String])

    /// The engine's dump tool, which writes rows of one table as statements that insert them: for MariaDB those that `condition`
    /// fits, for PostgreSQL all of them. `table` is quoted as the tool wants it: its name alone, or a pattern.
    func dump(database: String?, table: String, condition: String?) -> ToolCommand
}

extension MariaDBScratch: ExploredServer {
    func client(database: String?) -> (words: [String], variables: [String: String]) {
        let arguments = ["--defaults-file=\(client.optionFile)", "--default-character-set=utf8mb4"]
        let chosen = database.map { ["--database=\($0)"] } ?? []
        return ([client.tools.path("mariadb")] + arguments + chosen, client.tools.variables)
    }

    func dump(database: String?, table: String, condition: String?) -> ToolCommand {
        var arguments = [
            "--defaults-file=\(client.optionFile)", "--no-create-info", "--skip-triggers", "--single-transaction",
            "--hex-blob", "--complete-insert", "--skip-add-locks", "--skip-disable-keys", "--skip-extended-insert",
            "--default-character-set=utf8mb4",
        ]
        if let condition { arguments.append("--where=\(condition)") }
        return client.tools.command("mariadb-dump", arguments + ["--", database ?? "", table])
    }
}

extension PrivatePostgreSQL: ExploredServer {
    func client(database: String?) -> (words: [String], variables: [String: String]) {
        let command = client.command("psql", database: database ?? client.maintenanceDatabase, [])
        return ([command.program] + command.arguments, command.variables)
    }

    func dump(database: String?, table: String, condition: String?) -> ToolCommand {
        client.command(
            "pg_dump", database: database ?? client.maintenanceDatabase,
            ["--data-only", "--column-inserts", "--table=\(table)"])
    }
}
