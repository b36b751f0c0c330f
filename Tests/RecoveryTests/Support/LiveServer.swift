import DataSources
import TestSupport

/// A staging server in the clothes of a restored one: queries go to it by its own client, as its superuser.
struct LiveServer: ScratchServer {
    let server: StagingServer
    let kind: SourceKind
    let processID: Int32 = 0
    let howToConnect: [String] = []

    init(_ kind: SourceKind) async throws {
        self.kind = kind
        server = try await StagingServer(kind == .postgresql ? .postgres : .mariadb)
    }

    func query(_ sql: String, database: String?) async throws -> [[String?]] {
        let text: String
        if kind == .postgresql {
            text = try await Tool.run(
                "psql",
                [
                    "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", server["PG_SOCKET_DIR"], "-p",
                    server["PG_PORT"], "-U", server["PG_SUPERUSER"], "-d", database ?? "postgres", "-c", sql,
                ])
        } else {
            text = try await Tool.run(
                "mariadb",
                ["--no-defaults", "-S", server["MARIADB_SOCKET"], "-u", "root", "-N", "-B", "-e", sql]
                    + (database.map { [$0] } ?? []))
        }
        return text.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { $0 == "NULL" ? nil : String($0) }
        }
    }

    func check() async throws -> [CheckOutcome] { [] }
    func pins(like expected: [TablePin]) async throws -> [TablePin] { [] }
    func stop() async throws {}
}
