import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("Rewinds of real servers that are taken back", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct UndoneRewindTests {
        typealias Live = RewindCommandTests.Live
        typealias Engine = InPlacePlanTests.Engine

        private struct Status: Decodable {
            struct Journal: Decodable {
                struct Alarm: Decodable { var text: String }
                struct Gap: Decodable { var reason: String }
                var timelines: [Timeline]
                var gaps: [Gap]
                var alarms: [Alarm]
            }
            struct Timeline: Decodable {
                var timeline: UInt32
                var undone: String?
            }
            var journals: [Journal]
        }

        private static func status(_ live: Live) async throws -> Status.Journal {
            let outcome = await live.service.run("journal", "status", "--json")
            return try #require(try Status.json(outcome.output).journals.first)
        }

        private static func undo(_ live: Live) async throws {
            try await live.service.done("restore", "--undo", "--source", live.engine.source)
        }

        // journal | timeline 1 ....... | 2 ....... |      (runs, or not)      | 1 again ..............
        // server  | 1 2 | 3 drop 4 | rewind | 11 12 | undo: 1 2 3 4 are back | 5 6
        @Test(
            "the journal goes on with the timeline that was left, without alarm and without gap, and every moment of both is there",
            arguments: Engine.allCases, [true, false])
        func undone(_ engine: Engine, journalRuns: Bool) async throws {
            let live = try await Live(engine)
            var eleven = ""
            try await JournalProcess.running(live.service) {
                try await live.caughtUp(1)
                try await live.service.done("backup", "nightly")
                _ = try await live.insert(1)
                _ = try await live.insert(2)
                let drop = try await live.dropWithinGoodWrites()
                try await live.caughtUp(1)
                try await live.rewind(before: drop)
                #expect(try await live.rows() == [1, 2, 3, 1001, 1002, 1003])
                eleven = try await live.insert(11)
                _ = try await live.insert(12)
                try await live.caughtUp(2)
                if journalRuns {
                    try await Self.undo(live)
                    try await live.sql("CREATE TABLE victims (n INT PRIMARY KEY)")
                    try await live.caughtUp(1)
                }
            }
            if !journalRuns {
                try await Self.undo(live)
                try await live.sql("CREATE TABLE victims (n INT PRIMARY KEY)")
            }
            #expect(try await live.rows() == [1, 2, 3, 4])
            try await JournalProcess.running(live.service) {
                let five = try await live.insert(5)
                _ = try await live.insert(6)
                try await live.caughtUp(1)
                let status = try await Self.status(live)
                #expect(status.timelines.map(\.timeline) == [1, 2])
                #expect(status.timelines[0].undone == nil && status.timelines[1].undone != nil)
                #expect(status.gaps.isEmpty && status.alarms.isEmpty, "\(status)")
                let tree = try await live.service.done("timeline", engine.source)
                #expect(tree.contains("timeline 1, live") && tree.contains("; undone "), "\(tree)")
                #expect(try await live.restored("--at", "now") == [1, 2, 3, 4, 5, 6])
                // Of PostgreSQL both have a place of that number.
                #expect(try await live.restored("--at-position", five, "--timeline", "1") == [1, 2, 3, 4, 5])
                let victims = [1001, 1002, 1003]
                #expect(
                    try await live.restored("--at-position", eleven, "--timeline", "2") == [1, 2, 3, 11] + victims)
            }
        }
    }
}
