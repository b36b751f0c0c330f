import FoundationEssentials
import Glibc
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "The journal, killed", .serialized,
        .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
    struct JournalKillTests {
        private struct Listed: Decodable {
            var id: String
            var tags: [String]?
        }

        private static func sql(_ socket: String, _ text: String) async throws {
            _ = try await Tool.run("mariadb", ["--no-defaults", "-S", socket, "-u", "root", "-e", text])
        }

        /// Runs the journal until `body` has ended; gives its status.
        private func running(_ service: Service, _ body: (pid_t) async throws -> Void) async throws -> Int32 {
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: ["journal", "run"],
                environment: Program.variables(service.place.environment), input: .none,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in try await body(execution.processIdentifier.value) }
            return Program.status(result.terminationStatus)
        }

        /// Log files in the journal's snapshots, by name, taken out as any snapshot is.
        private func archived(_ service: Service, into folder: String, _ seen: inout Set<String>) async throws
            -> [String: Data]
        {
            let listing = try await service.done("snapshots", "--json")
            for snapshot in try JSONDecoder().decode([Listed].self, from: Data(listing.utf8))
            where snapshot.tags?.contains("journal:db") == true && seen.insert(snapshot.id).inserted {
                try await service.done("restore", "--snapshot", snapshot.id, "--to", folder)
            }
            return files(of: folder + "/db/journal/1")
        }

        private func files(of folder: String) -> [String: Data] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            var files = [String: Data]()
            for name in names where name.hasPrefix("binlog.0") {
                files[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
            }
            return files
        }

        // server  | writes, and begins a new log file now and then ………………………………………………………………… | FLUSH
        // journal | killed | killed | … ten times, at any moment of its life | in order
        @Test("ten times at random moments, and what is archived in the end is the server's log, byte for byte")
        func bytes() async throws {
            let service = try await Service([.mariadb("physical")])
            try service.set("db", "journal", "{flush: 1s, close-every: 1s, segment: 64K}")
            let server = try service.server("db")
            let socket = server["MARIADB_SOCKET"]
            try await JournalKillTests.sql(
                socket, "CREATE DATABASE load_; CREATE TABLE load_.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed of the kills: \(seed)")
            var random = SeededGenerator(seed: seed)
            let isOver = Mutex(false)
            async let load: Int = {
                var count = 0
                while !isOver.withLock({ $0 }) {
                    try await JournalKillTests.sql(
                        socket,
                        "USE load_; INSERT INTO t (a) SELECT REPEAT('x', 200) FROM seq_1_to_50"
                            + (count % 20 == 19 ? "; FLUSH BINARY LOGS" : ""))
                    count += 1
                }
                return count
            }()
            for _ in 0..<10 {
                let moment = Duration.milliseconds(Int.random(in: 300...2500, using: &random))
                let status = try await running(service) { pid in
                    try await Task.sleep(for: moment)
                    #expect(kill(pid, SIGKILL) == 0)
                }
                #expect(status == 128 + SIGKILL)
            }
            isOver.withLock { $0 = true }
            #expect(try await load > 20)
            try await JournalKillTests.sql(socket, "FLUSH BINARY LOGS")
            let folder = service.place.path("archived")
            let wanted = files(of: server["MARIADB_DIR"] + "/binlog")
            let closed = wanted.keys.sorted().dropLast()
            let status = try await running(service) { pid in
                var seen = Set<String>()
                let end = ContinuousClock.now + .seconds(240)
                while true {
                    let files = try await archived(service, into: folder, &seen)
                    if let first = files.keys.min(), closed.filter({ $0 >= first }).allSatisfy({ files[$0] != nil }) {
                        break
                    }
                    try #require(ContinuousClock.now < end, "\(files.keys.sorted()) of \(closed)")
                }
                #expect(kill(pid, SIGTERM) == 0)
            }
            #expect(status == 0)
            let files = files(of: folder + "/db/journal/1")
            let first = try #require(files.keys.min())
            #expect(closed.filter { $0 >= first }.count > 2)
            for name in closed where name >= first { #expect(files[name] == wanted[name], "\(name)") }
            // One that was killed as it made a snapshot has left its lock, which the next one has removed.
            try await service.place.restic("check", "--read-data")
        }
    }
}
