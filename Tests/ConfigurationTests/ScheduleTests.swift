import Settings
import Testing

@testable import Configuration

@Suite("Schedules")
struct ScheduleTests {
    @Test(
        // The rare ones were counted day by day over four hundred years.
        "the longest pause between two firings",
        arguments: [
            ("* * * * *", 1), ("*/15 * * * *", 15), ("*/25 * * * *", 25), ("0 * * * *", 60), ("30 2 * * *", 1440),
            ("0 8-18/2 * * *", 14 * 60), ("0 2,14 * * *", 720), ("0 2 * * mon-fri", 3 * 1440), ("0 2 * * 7", 7 * 1440),
            ("0 2 * * 0,sun", 7 * 1440), ("0 0 1 * *", 31 * 1440), ("0 0 31 * *", 61 * 1440),
            ("0 0 1 jan *", 366 * 1440), ("0 0 29 2 *", 2921 * 1440), ("0 0 13 * fri", 7 * 1440),
            ("0 0 */31 * 1", 427 * 1440), ("5/20 * * * *", 20), ("0 0 29 FEB */6", 10_226 * 1440),
        ])
    func gaps(text: String, minutes: Int) throws {
        let schedule = try Schedule(text)
        #expect(schedule.text == text && schedule.longestGap == .seconds(minutes * 60))
    }

    @Test(
        "what is no schedule is refused with the field that is wrong",
        arguments: [
            ("", "has 0 fields, not 5"), ("30 2 * *", "has 4 fields, not 5"), ("@daily", "has 1 fields, not 5"),
            ("60 * * * *", "has the minute \"60\", which is none"),
            ("0 24 * * *", "has the hour \"24\", which is none"),
            ("0 0 0 * *", "has the day \"0\", which is none"), ("0 0 1 13 *", "has the month \"13\", which is none"),
            ("0 0 * * 8", "has the weekday \"8\", which is none"),
            ("0 0 * * mo", "has the weekday \"mo\", which is none"),
            ("*/0 * * * *", "has the minute \"*/0\", which is none"),
            ("5-1 * * * *", "has the minute \"5-1\", which is none"),
            ("1,,2 * * * *", "has the minute \"\", which is none"),
            ("-1 * * * *", "has the minute \"-1\", which is none"),
            ("+1 * * * *", "has the minute \"+1\", which is none"),
            ("0 0 30 2 *", "never fires: no month has that day"),
        ])
    func refused(text: String, message: String) {
        #expect(throws: SettingRefusal.self) { try Schedule(text) }
        do throws(SettingRefusal) {
            _ = try Schedule(text)
        } catch {
            #expect(error.message == message)
        }
    }

    private func warnings(_ rpo: String, _ schedule: String, _ duration: String = "") throws -> [String] {
        try Files.read(
            Files.text(
                sources: "f: {kind: files, paths: [/srv], objective: {rpo: \(rpo)}}",
                plans: "p: {store: disk, sources: [f], schedule: \"\(schedule)\"\(duration)}")
        ).warnings.map { $0.text + "; " + $0.hint }
    }

    @Test("a schedule that cannot keep an objective is a warning")
    func objectives() throws {
        #expect(try warnings("24h", "0 2 * * *").isEmpty)
        #expect(
            try warnings("24h", "0 2 * * *", ", usual-duration: 20m") == [
                "l.yaml:7:44: plans.p.schedule: pauses for up to 1d and takes 20m, so 1d20m of data may be lost; f promises "
                    + "1d; run the plan more often, or promise less in sources.f.objective.rpo"
            ])
        #expect(try warnings("1h", "*/30 * * * *", ", usual-duration: 30m").isEmpty)
        #expect(try warnings("1d", "0 2 * * mon-fri").count == 1)
    }

    @Test("a source in no plan is a warning, but for a cache")
    func unprotected() throws {
        let file = try Files.read(
            Files.text(
                sources: "f: {kind: files, paths: [/s]}\ng: {kind: files, paths: [/t]}\nc: {kind: redis, role: cache}"))
        #expect(file.warnings.map(\.text) == ["l.yaml:6:6: sources.g: is in no plan, so nothing backs it up"])
    }
}
