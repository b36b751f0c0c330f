import DataSources
import Drills
import Settings

extension MirrorSettings {
    /// A table that a console already has.
    init(_ fields: Fields, _ resolve: @escaping LifeboatConfiguration.SecretResolver) {
        var server = MariaDBSettings()
        server.server = ServerAddress(fields, server.server, socket: "the server's socket")
        server.user = fields("user", .line, help: "account with SELECT and INSERT on the table", default: server.user)
        server.password = fields.optional(
            "password", .secret, help: "password of the account; unix_socket authentication without"
        ).map(resolve)
        server.toolFolder = fields.optional(
            "tool-folder", .path, help: "folder of the engine's tools, when they are not in PATH")
        let database = fields.required("database", .line, help: "the table's database")
        let table = fields.required("table", .line, help: "the table")
        let named = fields(
            "columns", .map(of: .line),
            help: "which column of theirs takes which of ours, with - for _; all by our names without", default: [])
        var columns = DisasterRecoveryTest.columns.map { Column(ours: $0, theirs: $0) }
        if !named.isEmpty { columns = named.map { Column(ours: $0.name.replacing("-", with: "_"), theirs: $0.value) } }
        for column in columns where !DisasterRecoveryTest.columns.contains(column.ours) {
            let known = DisasterRecoveryTest.columns.map { $0.replacing("_", with: "-") }
            let name = column.ours.replacing("_", with: "-")
            fields.unknownName(at: ["columns", name], name, among: known, called: "column of ours")
        }
        if !columns.contains(where: { $0.ours == "id" }) {
            fields.problem(
                "columns", message: "lacks id, by which a drill is known",
                hint: "add `id:` and the column that takes it")
        }
        self.init(server: server, database: database, table: table, columns: columns)
    }
}
