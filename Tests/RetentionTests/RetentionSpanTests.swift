import Testing

@testable import Retention

@Suite struct RetentionSpanTests {
    static let readable: [(String, RetentionSpan, String)] = [
        ("1y5m7d2h", RetentionSpan(years: 1, months: 5, days: 7, hours: 2), "1y5m7d2h"),
        ("2h1y", RetentionSpan(years: 1, hours: 2), "1y2h"),
        (" 30d\n", RetentionSpan(days: 30), "30d"),
        ("1d2d", RetentionSpan(days: 2), "2d"),
        ("", .zero, ""),
        ("0d", .zero, ""),
    ]

    @Test("spans are read and printed as restic does", arguments: readable)
    func read(text: String, span: RetentionSpan, printed: String) {
        #expect(RetentionSpan(text) == span)
        #expect(span.description == printed)
    }

    @Test(
        "what is no span is refused",
        arguments: ["5", "d", "-1d", "1w", "1d 2h", "1.5d", "5 d", "100001d", "99999999999999999999d", "٣d", "1D"])
    func refused(text: String) {
        #expect(RetentionSpan(text) == nil)
    }

    @Test("counts and tag lists are read as restic does")
    func countsAndTags() {
        #expect(RetentionPolicy.count("unlimited") == -1)
        #expect(RetentionPolicy.count("12") == 12)
        #expect(["-1", "", "x", "1.5"].allSatisfy { RetentionPolicy.count($0) == nil })
        #expect(RetentionPolicy.tagList(" a b ,c") == ["a b", "c"])
        #expect(RetentionPolicy.tagList("") == [""])
    }

    @Test("groupings are read as restic does")
    func grouping() {
        #expect(RetentionGrouping("host,paths") == .usual)
        #expect(RetentionGrouping("path,tag,hosts") == [.host, .paths, .tags])
        #expect(RetentionGrouping("") == [])
        #expect(RetentionGrouping("host,user") == nil)
    }
}
