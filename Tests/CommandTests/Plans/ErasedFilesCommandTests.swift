import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "Who was erased does not come back, neither with files nor after rewinds",
        .enabled(if: Service.isExpected, "\(Service.install)"))
    struct ErasedFilesCommandTests {
        typealias Live = RewindCommandTests.Live
        typealias Engine = RewindCommandTests.Engine

        private func describe(_ live: Live) throws {
            try live.service.configure { configuration in
                configuration.more = [
                    """
                    erasures:
                      victim:
                        source: \(live.engine.source)
                        database: app
                        enumerate: SELECT n FROM victims
                        erase: ["DELETE FROM victims WHERE n = :key"]
                        verify: SELECT COUNT(*) FROM victims WHERE n = :key
                        files-source: uploads
                        files: ["\(live.service.place.path("uploads"))/:key.txt"]
                    """
                ]
            }
        }

        /// Erases as the manual says: write it down, erase, confirm.
        private func erase(_ live: Live, _ number: Int) async throws {
            let added = await live.service.place.run(["erasure", "add", "victim", "--json"], input: "\(number)")
            struct Entry: Decodable { let number: UInt64 }
            let entry = try JSONDecoder().decode(Entry.self, from: Data(added.output.utf8))
            try await live.sql("DELETE FROM victims WHERE n = \(number)")
            unlink(live.service.place.path("uploads/\(number).txt"))
            try await live.service.done("erasure", "confirm", "\(entry.number)")
        }

        private func register(_ live: Live, _ number: Int) async throws -> String {
            try await live.sql("INSERT INTO victims VALUES (\(number))")
            try live.service.place.write("again", to: "uploads/\(number).txt")
            return try await live.insert(100 + number)
        }

        private func uploads(_ live: Live, beside position: String) async throws -> String {
            let outcome = await live.service.run(
                "restore", "--at-position", position, "--source", live.engine.source, "--source", "uploads", "--into",
                "scratch", "--run",
                "echo; ls $LIFEBOAT_SCRATCH_FOLDER/../beside/uploads\(live.service.place.path("uploads")) | tr '\\n' ' '"
            )
            try #require(outcome.status == 0, "\(outcome)")
            return outcome.output
        }

        @Test(
            "beside a scratch copy, into a folder and in place of the tree; one who registered again stays",
            arguments: Engine.allCases)
        func files(_ engine: Engine) async throws {
            let live = try await Live(engine, with: [.files])
            let place = live.service.place
            try describe(live)
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                let before = try await live.insert(1)
                try await erase(live, 2)
                try await live.insert(3)
                try await live.caughtUp(1)
                let beside = try await uploads(live, beside: before)
                #expect(beside.hasSuffix("\n1.txt 3.txt 4.txt 5.txt "), "\(beside)")
                #expect(beside.contains("1 erasure since then: 1 file of theirs removed"), "\(beside)")
                #expect(beside.contains("1 erasure since then: 1 found and erased again"), "\(beside)")

                mkdir(place.path("out"), 0o755)
                let folder = try await live.service.done("restore", "--at-position", before, "--to", place.path("out"))
                #expect(folder.contains("\(engine.source): erasures not applied; 1 are due"), "\(folder)")
                #expect(
                    try place.list("out/uploads" + place.path("uploads")) == ["1.txt", "3.txt", "4.txt", "5.txt"])
                #expect(try place.read("out/\(engine.source)/ERASURES-NOT-APPLIED.txt").contains("due: 1."))
                #expect(try place.list("out/uploads").contains("ERASURES-NOT-APPLIED.txt") == false)
                let json = try await live.service.done(
                    "restore", "--point", "latest", "--to", place.path("point"), "--json")
                #expect(json.contains("\"file_count\":1") && json.contains("\"erasures_not_applied\""), "\(json)")

                let again = try await register(live, 2)
                try await live.service.done("backup", "nightly")
                try await live.insert(4)
                try await live.caughtUp(1)
                let later = try await uploads(live, beside: again)
                #expect(later.hasSuffix("\n1.txt 2.txt 3.txt 4.txt 5.txt "), "\(later)")
                #expect(try await live.restored("--at-position", again).contains(1002))
            }
            let points = try [PointJSON].json(try await live.service.done("points", "--json")).map(\.id)
            // Whichever comes first; one of them is from before.
            var counts = [Int]()
            for point in points {
                let done = try await live.service.done(
                    "restore", "--point", point, "--source", "uploads", "--in-place", "--confirm", "uploads")
                counts.append(try place.list("uploads").count)
                #expect(done.contains("1 file of theirs removed") == (counts.last == 4), "\(done)")
                try await live.service.done("restore", "--drop-aside", "--source", "uploads")
            }
            #expect(counts.sorted() == [4, 5])

            try FileManager.default.removeItem(atPath: place.path("repository/lifeboat/erasures/000000000001"))
            for target in [["--to", place.path("more")], ["--in-place", "--confirm", "uploads"]] {
                let stopped = await place.run(["restore", "--point", points[0], "--source", "uploads"] + target)
                #expect(stopped.status == 1 && stopped.messages.contains("entry 1 is missing"), "\(stopped)")
            }
            #expect(access(place.path("more"), F_OK) != 0)
        }

        @Test(
            "confirmed on a branch that was cut off, they are erased again; registered again on the new one, they stay",
            arguments: Engine.allCases)
        func rewinds(_ engine: Engine) async throws {
            let live = try await Live(engine, with: [.files])
            try describe(live)
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                let first = try await live.insert(1)
                try await erase(live, 2)
                try await live.insert(7)
                try await live.caughtUp(1)
                try await live.service.done(
                    "restore", "--at-position", first, "--source", engine.source, "--in-place", "--confirm",
                    engine.source)
                #expect(try await live.rows() == [1, 1001, 1003])
                let second = try await live.insert(2)
                let again = try await register(live, 2)
                try await live.caughtUp(2)
                // The rewind has confirmed it anew on its own history.
                #expect(try await live.service.done("erasure", "confirm", "1", "--json").contains("\"is_new\":false"))
                // With the base from before the rewind, too.
                #expect(try await live.restored("--at-position", again) == [1, 2, 102, 1001, 1002, 1003])
                #expect(try await live.restored("--at-position", first, "--timeline", "1") == [1, 1001, 1003])

                try await live.service.done("backup", "nightly")
                try await erase(live, 3)
                try await live.insert(6)
                try await live.caughtUp(2)
                try await live.service.done("restore", "--drop-aside", "--source", engine.source)
                try await live.service.done(
                    "restore", "--at-position", second, "--source", engine.source, "--in-place", "--confirm",
                    engine.source)
                #expect(try await live.rows() == [1, 2, 1001])
                let third = try await live.insert(3)
                try await live.insert(4)
                try await live.caughtUp(3)
                #expect(try await live.restored("--at-position", third, "--timeline", "3") == [1, 2, 3, 1001])
                // Number 2 registered on the second timeline after its erasure had been confirmed there anew.
                #expect(
                    try await live.restored("--at-position", again, "--timeline", "2") == [1, 2, 102, 1001, 1002])

                // Timeline 2 goes on, and what was confirmed on it counts again.
                try await live.service.done("restore", "--undo", "--source", engine.source)
                try await live.insert(5)
                try await live.caughtUp(2)
                let fourth = try await live.service.done("erasure", "confirm", "4", "--json")
                #expect(fourth.contains("\"is_new\":false"), "\(fourth)")
            }
        }
    }
}
