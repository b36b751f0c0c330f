import Foundation
import Testing

@testable import Retention

@Suite struct CivilTimeTests {
    @Test("dates agree with the calendar of Foundation over a thousand years")
    func dates() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for step in 0..<4000 {
            // 1583, when Foundation's calendar has changed to Gregorian, to 2600.
            let seconds = -12_212_000_000 + Int64(step) * 8_034_567
            let civil = CivilTime(seconds: seconds, offset: 0)
            let date = Date(timeIntervalSince1970: Double(seconds))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            #expect([civil.year, civil.month, civil.day] == [parts.year, parts.month, parts.day])
            let second = try #require(parts.hour) * 3600 + #require(parts.minute) * 60 + #require(parts.second)
            #expect(civil.secondOfDay == second)
            #expect(CivilTime.dayNumber(year: civil.year, month: civil.month, day: civil.day) == civil.dayNumber)
        }
    }

    @Test("ISO weeks agree with the calendar of Foundation, years of 53 weeks included")
    func weeks() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in 0..<(60 * 365) {
            let civil = CivilTime(seconds: Int64(day) * 86_400, offset: 0)
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.weekOfYear, .yearForWeekOfYear], from: date)
            #expect(civil.isoWeek.year == parts.yearForWeekOfYear && civil.isoWeek.week == parts.weekOfYear)
        }
    }

    static let spans: [(RetentionSpan, String, String)] = [
        (RetentionSpan(months: 1), "2024-03-31T10:00:00Z", "2024-03-02T10:00:00Z"),
        (RetentionSpan(years: 1), "2024-02-29T10:00:00Z", "2023-03-01T10:00:00Z"),
        (RetentionSpan(years: 1, months: 5, days: 7, hours: 2), "2024-01-05T01:00:00Z", "2022-07-28T23:00:00Z"),
        (RetentionSpan(days: 400), "2024-01-05T01:00:00Z", "2022-12-01T01:00:00Z"),
        (RetentionSpan(months: 25), "2024-01-05T01:00:00Z", "2021-12-05T01:00:00Z"),
    ]

    @Test("a span reaches back as Go's AddDate does", arguments: spans)
    func start(span: RetentionSpan, end: String, start: String) throws {
        let item = RetentionItem(seconds: try seconds(end))
        #expect(span.start(before: item) == (try seconds(start)))
    }

    @Test("a span counts by the calendar of the snapshot's zone")
    func startInZone() throws {
        // 2024-03-01 01:00 in a zone two hours ahead is still February 29 in UTC.
        let item = RetentionItem(seconds: try seconds("2024-02-29T23:00:00Z"), zoneOffset: 7200)
        #expect(RetentionSpan(months: 1).start(before: item) == (try seconds("2024-01-31T23:00:00Z")))
    }

    private func seconds(_ text: String) throws -> Int64 {
        Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
    }
}
