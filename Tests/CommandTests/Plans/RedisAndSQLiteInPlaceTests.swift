import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A restore in place of what has no tables", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct RedisAndSQLiteInPlaceTests {
        private func inPlace(_ source: String) -> [String] {
            ["restore", "--point", "latest", "--source", source, "--in-place", "--confirm", source]
        }

        @Test("SQLite: what belongs to the old file goes with it, and comes back with it")
        func sqlite() async throws {
            let service = try await Service([.sqlite])
            try await service.done("backup", "nightly")
            let file = service.place.path("search.db")
            try await ServiceData.sqlite(file, "INSERT INTO words VALUES (100000, 'late')")
            try service.place.write("stale", to: "search.db-wal")
            try service.place.write("stale", to: "search.db-shm")
            let outcome = await service.place.run(inPlace("search"))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(access(file + "-wal", F_OK) != 0 && access(file + "-shm", F_OK) != 0)
            #expect(try await ServiceData.sqlite(file, ServiceData.sqliteCount) == "\(ServiceData.rowCount)\n")
            #expect(await service.run("restore", "--undo", "--source", "search").status == 0)
            #expect(try service.place.read("search.db-wal") == "stale")
        }

        @Test("Redis: a store has the keys of the point again")
        func store() async throws {
            let service = try await Service([.redis("store")])
            try await service.done("backup", "nightly")
            let server = try service.server("sessions")
            try await ServiceData.redis(server, "DEL", "session:1")
            try await ServiceData.redis(server, "SET", "late", "1")
            let outcome = await service.place.run(inPlace("sessions"))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try await ServiceData.redis(server, "GET", "session:1") == "anna\n")
            #expect(try await ServiceData.redis(server, "EXISTS", "late") == "0\n")
            #expect(await service.run("restore", "--undo", "--source", "sessions").status == 0)
        }

        @Test("Redis: sessions begin empty, and the message says so")
        func sessions() async throws {
            let service = try await Service([.redis("sessions")])
            try await service.done("backup", "nightly")
            let outcome = await service.place.run(inPlace("sessions"))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("sessions begin empty"), "\(outcome.output)")
            #expect(try await ServiceData.redis(try service.server("sessions"), "DBSIZE") == "0\n")
        }

        @Test("Redis: a queue stays stopped, so that no job runs again; started by hand it has the jobs of the point")
        func queue() async throws {
            let service = try await Service([.redis("queue")])
            try await service.done("backup", "nightly")
            let server = try service.server("sessions")
            try await ServiceData.redis(server, "DEL", "session:1")
            let outcome = await service.place.run(inPlace("sessions"))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("a queue is not started"), "\(outcome.output)")
            #expect(access(server.folder + "/redis.pid", F_OK) != 0, "it is stopped")
            try await server.start()
            #expect(try await ServiceData.redis(server, "GET", "session:1") == "anna\n")
        }
    }
}
