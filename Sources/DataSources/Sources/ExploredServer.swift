/// What a dump of a table has.
public enum TableContent: Sendable, Hashable {
    case definition, rows, definitionAndRows
}

/// A private server that a person looks around in, with the engine's own tools.
public protocol ExploredServer: ScratchServer {
    /// The engine's client, to be run on a terminal: program and arguments, none of them secret, and its environment.
    func client(database: String?) -> (words: [String], variables: [String: String])

    /// The engine's dump tool, which writes the statements that make one table and that insert its rows, or one of both.
    /// `table` is quoted as the tool wants it: its name alone, or a pattern.
    func dump(database: String?, table: String, _ content: TableContent) -> ToolCommand
}

extension MariaDBScratch: ExploredServer {
    func client(database: String?) -> (words: [String], variables: [String: String]) {
        let arguments = ["--defaults-file=\(client.optionFile)", "--default-character-set=utf8mb4"]
        let chosen = database.map { ["--database=\($0)"] } ?? []
        return ([client.tools.path("mariadb")] + arguments + chosen, client.tools.variables)
    }

    func dump(database: String?, table: String, _ content: TableContent) -> ToolCommand {
        let arguments =
            [
                "--defaults-file=\(client.optionFile)", "--single-transaction", "--hex-blob", "--complete-insert",
                "--skip-add-locks", "--skip-disable-keys", "--skip-extended-insert", "--default-character-set=utf8mb4",
            ]
            // Never `DROP TABLE`: what is there by now is not ours to remove.
            + (content == .rows ? ["--no-create-info", "--skip-triggers"] : ["--skip-add-drop-table", "--triggers"])
            + (content == .definition ? ["--no-data"] : [])
        return client.tools.command("mariadb-dump", arguments + ["--", database ?? "", table])
    }
}

extension PrivatePostgreSQL: ExploredServer {
    func client(database: String?) -> (words: [String], variables: [String: String]) {
        let command = client.command("psql", database: database ?? client.maintenanceDatabase, [])
        return ([command.program] + command.arguments, command.variables)
    }

    func dump(database: String?, table: String, _ content: TableContent) -> ToolCommand {
        client.command(
            "pg_dump", database: database ?? client.maintenanceDatabase,
            ["--column-inserts", "--table=\(table)"] + (content == .rows ? ["--data-only"] : [])
                + (content == .definition ? ["--schema-only"] : []))
    }
}
