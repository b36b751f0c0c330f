import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A point restored by restic and stock tools", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct StockToolTests {
        /// Runs the first block of shell in the `RESTORE.md` of a source, with variables as it asks for them. Gives the folder
        /// with what the block used.
        private func follow(
            _ service: Service, _ source: String, _ variables: [String: String]
        ) async throws {
            let point = try #require(try [PointJSON].json(try await service.done("points", "--json")).last)
            let snapshot = try #require(point.part(source)?.snapshot?.id)
            let text = try await service.restic("dump", snapshot, "/\(source)/RESTORE.md")
            let block = try #require(text.ranges(of: "```sh\n").first.map { text[$0.upperBound...] })
            let end = try #require(block.ranges(of: "```").first)
            let script = try service.place.write(String(block[..<end.lowerBound]), to: "\(source).sh")
            var all = try await service.resticVariables()
            all["SNAPSHOT"] = snapshot
            all.merge(variables) { $1 }
            _ = try await Tool.run("bash", [script], variables: all)
        }

        @Test("MariaDB's table files")
        func mariadb() async throws {
            let service = try await Service([.mariadb("physical")])
            try await service.done("backup", "nightly")
            let data = service.place.path("new-data")
            try await follow(
                service, "db", ["WORK": service.place.path("work"), "DATA": data, "OWNER": "mysql"])
            let server = try service.server("db")
            let expected = try await ServiceData.mariadb(server, ServiceData.mariadbCount)
            try await server.stop()
            try Renamed.exchange(server["MARIADB_DATA"], with: data)
            try await server.start()
            #expect(try await ServiceData.mariadb(server, ServiceData.mariadbCount) == expected)
        }

        @Test("PostgreSQL's table files")
        func postgresql() async throws {
            let service = try await Service([.postgresql("physical")])
            try await service.done("backup", "nightly")
            let server = try service.server("directory")
            let target = service.place.path("pg")
            let variables = [
                "TARGET": target, "SERVER_USER": server["PG_USER"], "PGBIN": server["PG_BIN"], "PGPORT": "20999",
            ]
            try await follow(service, "directory", variables)
            let rows = try await ServiceData.postgresql(
                folder: target, port: "20999", ServiceData.postgresqlCount, "app")
            #expect(rows == "\(ServiceData.rowCount)\n")
            _ = try await Tool.run(
                "runuser",
                ["-u", server["PG_USER"], "--", "\(server["PG_BIN"])/pg_ctl", "-D", "\(target)/directory/data", "stop"])
        }

        @Test("a Redis dump, in the place of what a server has")
        func redis() async throws {
            let service = try await Service([.redis("store")])
            try await service.done("backup", "nightly")
            let server = try service.server("sessions")
            try await ServiceData.redis(server, "FLUSHALL")
            try await ServiceData.redis(server, "SET", "late", "1")
            try await server.stop()
            try await follow(
                service, "sessions",
                ["WORK": service.place.path("work"), "DATA": "\(server.folder)/data", "OWNER": "redis"])
            try await server.start()
            #expect(try await ServiceData.redis(server, "GET", "session:1") == "anna\n")
            #expect(try await ServiceData.redis(server, "EXISTS", "late") == "0\n")
        }

        @Test(
            "an SQLite database, in the place of one with a stale log, and where there is none",
            arguments: [true, false])
        func sqlite(_ isThere: Bool) async throws {
            let service = try await Service([.sqlite])
            try await service.done("backup", "nightly")
            let file = service.place.path("search.db")
            for name in ["search.db", "search.db-wal", "search.db-shm"] { unlink(service.place.path(name)) }
            if isThere {
                try service.place.write("broken", to: "search.db")
                try service.place.write("stale", to: "search.db-wal")
            }
            try await follow(service, "search", ["WORK": service.place.path("work"), "TARGET": file])
            #expect(try await ServiceData.sqlite(file, ServiceData.sqliteCount) == "\(ServiceData.rowCount)\n")
        }
    }

    /// Folders in each other's place.
    enum Renamed {
        static func exchange(_ live: String, with new: String) throws {
            _ = rename(live, live + ".old")
            guard rename(new, live) == 0 else { throw SystemError("rename \(new)") }
        }
    }
}
