import Drills
import FoundationEssentials
import TestSupport
import Testing
import Trees

extension ServiceSuites {
    @Suite("What drills left behind")
    struct DrillRecordTests {
        @Test("drills are listed, shown and compared from the ledger's events, and offline from the catalog alone")
        func drills() async throws {
            let service = try await Service([.sqlite, .files])
            try await service.done("backup", "nightly")
            let desk = try await DrillDesk(service)
            let first = DrillDesk.test("D", "2026-10-21", seconds: 4000, verdict: .fail)
            let second = DrillDesk.test("D", "2026-11-20", attended: true)
            try await desk.record(first, steps: [DrillDesk.step("fetch", of: first, seconds: 5)])
            try await desk.record(
                second,
                steps: [DrillDesk.step("fetch", of: second, seconds: 3), DrillDesk.step("new", of: second, seconds: 1)])

            let list = try await service.done("drill", "list")
            #expect(list.contains("D-20261021T080000Z") && list.contains("1:06:40 of 1:00:00"), "\(list)")
            #expect(list.contains("pass at 12 % of size") && list.contains("2 drills"), "\(list)")
            #expect(try await service.done("drill", "list", "--scenario", "A").contains("no drills yet"))
            let listed = try JSONDecoder().decode(
                [DisasterRecoveryTest].self, from: Data(try await service.done("drill", "list", "--json").utf8))
            #expect(listed.map(\.id) == [first.id, second.id] && listed.allSatisfy { $0.performedBy?.count == 16 })

            // The store is gone: what is here is still here.
            try FileManager.default.moveItem(
                atPath: service.place.repository, toPath: service.place.path("elsewhere"))
            let shown = try await service.done("drill", "show", "D-202610", "--offline")
            for text in ["FAIL", "it took longer than accepted", "0-1-4711", "1:06:40 of 1:00:00", "5.0 s", "+1:35"] {
                #expect(shown.contains(text), "\(text): \(shown)")
            }
            let compared = try await service.done("drill", "compare", first.id, "latest", "--offline")
            let line = compared.split(separator: "\n").first { $0.hasPrefix("step fetch") } ?? ""
            #expect(line.contains("5.0 s") && line.contains("3.0 s") && line.hasSuffix("-2.0 s"), "\(compared)")
            #expect(compared.contains("step new"), "\(compared)")
            #expect(await service.run("drill", "list").status != 0)
            let unknown = await service.run("drill", "show", "X", "--offline")
            #expect(unknown.status == 64 && unknown.messages.contains("no drill is called `X`"))
        }

        @Test("the catalog holds what backups and verifications recorded; deleted, damaged or rebuilt it is the same")
        func catalog() async throws {
            let service = try await Service([.sqlite, .files])
            try await service.done("backup", "nightly")
            try await service.done("verify")
            try await service.done("restore", "--point", "latest", "--to", service.place.path("out"))
            let path = try await service.done("catalog", "path").trimmingNewline
            #expect(path == service.place.path("state") + "/catalog.sqlite")
            let none = await service.run("drill", "list", "--offline")
            #expect(none.status == 64 && none.messages.contains("lifeboat catalog update"))
            #expect(try await service.done("catalog", "update").contains("3 events taken in, the catalog has 3"))
            #expect(try await service.done("catalog", "update").contains("0 events taken in, the catalog has 3"))
            let before = try await dump(path)
            #expect(before.contains("nightly") && before.contains("\"source\":\"search\""), "\(before)")
            for table in ["runs", "recovery_points", "verifications", "restores"] {
                #expect(try await ServiceData.sqlite(path, "SELECT COUNT(*) FROM \(table)") == "1\n", "\(table)")
            }
            try await service.done("catalog", "rebuild")
            #expect(try await dump(path) == before)
            // A second point, and the first one goes: what it was stays.
            try service.configure { $0.plan = ["keep: {last: 1}"] }
            try await service.done("backup", "nightly")
            try await service.done("retention", "apply")
            try await service.done("catalog", "update")
            let forgotten = "SELECT COUNT(*) FROM recovery_points p JOIN forgotten_points f ON f.point_id = p.id"
            #expect(try await ServiceData.sqlite(path, forgotten) == "1\n")
            let later = try await dump(path)
            try service.place.write("no database, but a text that is long enough", to: "state/catalog.sqlite")
            let damaged = await service.run("catalog", "update")
            #expect(damaged.status == 1 && damaged.messages.contains("lifeboat catalog rebuild"), "\(damaged)")
            try await service.done("catalog", "rebuild")
            #expect(try await dump(path) == later)
        }

        private func dump(_ path: String) async throws -> String {
            var text = ""
            for table in ["events", "runs", "recovery_points", "forgotten_points", "verifications", "restores"] {
                text += try await ServiceData.sqlite(path, "SELECT * FROM \(table) ORDER BY 1, 2")
            }
            return text
        }

        @Test("an event that was changed in the store is left out and told")
        func tampered() async throws {
            let service = try await Service([.sqlite])
            try await service.done("backup", "nightly")
            try await service.done("backup", "nightly")
            let name = "repository/lifeboat/events/testhost/000000000001.payload"
            try service.place.write(try service.place.read("repository/config"), to: name)
            let outcome = await service.run("catalog", "update")
            #expect(outcome.status == 1 && outcome.messages.contains("testhost/1"), "\(outcome)")
            #expect(outcome.output.contains("1 event taken in"), "\(outcome)")
        }

        @Test("what is overdue makes the reminder end with 1")
        func remind() async throws {
            let service = try await Service([.sqlite])
            let never = await service.run("drill", "remind")
            #expect(never.status == 1 && never.output.contains("overdue: scenario A, attended"), "\(never)")
            let today = String(Workplace.wallTime().rfc3339.prefix(10))
            try await DrillDesk(service).record(DrillDesk.test("D", today))
            let passed = await service.run("drill", "remind", "--attended", "")
            #expect(passed.status == 0 && passed.output.contains("nothing is due"), "\(passed)")
            let json = try await service.done("drill", "remind", "--attended", "", "--json")
            #expect(json.contains("\"state\":\"passed\"") && json.contains("\"age_days\":"), "\(json)")
        }
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
