import TestSupport

/// A little data in the servers of a service, and what is in them now.
enum ServiceData {
    /// Rows of each table at the beginning.
    static let rowCount = 200

    static func fillMariaDB(_ server: StagingServer) async throws {
        try await mariadb(
            server,
            """
            CREATE DATABASE app; USE app;
            CREATE TABLE files (id INT PRIMARY KEY, path VARCHAR(200), size BIGINT) ENGINE=InnoDB;
            INSERT INTO files SELECT seq, CONCAT('f/', seq), seq * 100 FROM seq_1_to_\(rowCount);
            CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name TEXT) ENGINE=InnoDB;
            INSERT INTO users (name) SELECT CONCAT('name ', seq) FROM seq_1_to_\(rowCount);
            """)
    }

    static func fillPostgreSQL(_ server: StagingServer) async throws {
        try await postgresql(server, "CREATE DATABASE app")
        try await postgresql(
            server,
            """
            CREATE TABLE people (id INT PRIMARY KEY, name TEXT);
            INSERT INTO people SELECT n, 'person ' || n FROM generate_series(1, \(rowCount)) n
            """, "app")
    }

    static func fillRedis(_ server: StagingServer) async throws {
        try await redis(server, "MSET", "session:1", "anna", "session:2", "bert")
    }

    static func fillSQLite(_ path: String) async throws {
        try await sqlite(
            path,
            """
            PRAGMA journal_mode = wal; CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rowCount))
            INSERT INTO words SELECT i, 'word ' || i FROM n;
            """)
    }

    // MARK: Asking

    /// As the administrator; columns are separated by tabs.
    @discardableResult
    static func mariadb(_ server: StagingServer, _ sql: String) async throws -> String {
        try await mariadb(socket: server["MARIADB_SOCKET"], sql)
    }

    @discardableResult
    static func mariadb(socket: String, _ sql: String) async throws -> String {
        try await Tool.run("mariadb", ["--no-defaults", "-S", socket, "-u", "root", "-N", "-e", sql])
    }

    @discardableResult
    static func postgresql(
        _ server: StagingServer, _ sql: String, _ database: String = "postgres"
    ) async throws -> String {
        try await postgresql(folder: server.folder, port: server["PG_PORT"], sql, database)
    }

    @discardableResult
    static func postgresql(folder: String, port: String, _ sql: String, _ database: String) async throws -> String {
        try await Tool.run(
            "psql",
            ["-qXAt", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", port, "-U", "postgres", "-d", database, "-c", sql])
    }

    @discardableResult
    static func redis(_ server: StagingServer, _ words: String...) async throws -> String {
        try await Tool.run("redis-cli", ["-s", server["REDIS_SOCKET"]] + words)
    }

    @discardableResult
    static func sqlite(_ path: String, _ sql: String) async throws -> String {
        try await Tool.run("sqlite3", [path, sql])
    }

    static let mariadbCount = "SELECT COUNT(*) FROM app.files"
    static let postgresqlCount = "SELECT COUNT(*) FROM people"
    static let sqliteCount = "SELECT COUNT(*) FROM words"
}
