import Drills
import Testing
import Trees

@Suite("which drills are due")
struct DrillCalendarTests {
    private func test(
        _ scenario: String, _ time: String, attended: Bool = true, verdict: Drills.Verdict = .pass
    ) -> DisasterRecoveryTest {
        var test = DisasterRecoveryTest(
            id: "\(scenario)-\(time)", scenario: scenario, environment: "namespace", isAttended: attended,
            dataKind: .synthetic, verdict: verdict, versions: [])
        test.recoveredAt = time + "T12:00:00Z"
        return test
    }

    /// `A passed, B due …` of the attended ones, then of the month's.
    private func states(
        _ now: String, _ drills: [DisasterRecoveryTest], _ calendar: DrillCalendar = DrillCalendar()
    ) throws -> [String] {
        let now = try #require(Timestamp(rfc3339: now + "T00:00:00Z"))
        return calendar.entries(at: now, drills: drills).map { "\($0.scenario) \($0.state.rawValue) \($0.turn ?? "")" }
    }

    private var year: [DisasterRecoveryTest] {
        [
            test("A", "2026-02-01"), test("B", "2026-05-01"), test("C", "2026-08-01"), test("D", "2026-11-01"),
            test("D", "2026-11-10", attended: false),
        ]
    }

    @Test("what never passed is overdue")
    func never() throws {
        #expect(
            try states("2026-11-21", []) == ["A overdue ", "B overdue ", "C overdue ", "D overdue ", "D overdue "])
        let failed = [test("A", "2026-02-01", verdict: .fail), test("A", "2026-02-02", verdict: .inconclusive)]
        #expect(try states("2026-02-03", failed).first == "A overdue ")
    }

    @Test("a pass serves until the end of the scenario's next turn, which is due while it lasts")
    func turns() throws {
        #expect(
            try states("2026-11-21", year) == [
                "A passed 2027-Q1", "B passed 2027-Q2", "C passed 2027-Q3", "D passed 2027-Q4", "D passed 2026-12",
            ])
        #expect(try states("2027-01-01", year).first == "A due 2027-Q1")
        #expect(try states("2027-03-31", year).first == "A due 2027-Q1")
        #expect(try states("2027-04-01", year).prefix(2) == ["A overdue 2027-Q1", "B due 2027-Q2"])
        #expect(try states("2027-01-05", year + [test("A", "2027-01-04")]).first == "A passed 2028-Q1")
        // Before its turn is early, and does not replace it.
        #expect(try states("2027-01-05", year + [test("A", "2026-12-30")]).first == "A due 2027-Q1")
    }

    @Test("the month's drill is due when the month begins, overdue when it is over; an attended one serves too")
    func months() throws {
        #expect(try states("2026-11-30", year).last == "D passed 2026-12")
        #expect(try states("2026-12-01", year).last == "D due 2026-12")
        #expect(try states("2027-01-01", year).last == "D overdue 2026-12")
        #expect(try states("2026-12-05", year + [test("D", "2026-12-02")]).last == "D passed 2027-01")
        // An unattended one serves the month alone.
        let unattended = [test("D", "2026-11-10", attended: false)]
        #expect(try states("2026-11-21", unattended).suffix(2) == ["D overdue ", "D passed 2026-12"])
    }

    @Test("turns and the month's scenario can be others, or none")
    func others() throws {
        let calendar = DrillCalendar(attended: ["D", "E"], monthly: nil)
        #expect(
            try states("2026-11-21", [test("D", "2026-07-01"), test("E", "2026-06-30")], calendar) == [
                "D passed 2027-Q1", "E due 2026-Q4",
            ])
    }

    @Test("the age of the last pass is told in days")
    func age() throws {
        let now = try #require(Timestamp(rfc3339: "2026-11-21T13:00:00Z"))
        let entries = DrillCalendar(attended: ["D"], monthly: nil).entries(at: now, drills: year)
        #expect(entries.map(\.ageDays) == [20] && entries.map(\.lastPassed) == ["D-2026-11-01"])
    }
}
