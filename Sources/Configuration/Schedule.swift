import Settings

/// Five fields of cron: minute, hour, day of month, month, weekday. Known so far is only how long the longest pause between two
/// firings is.
///
/// Fields are `*`, numbers, ranges and steps (`*/15`, `8-18/2`), lists of these, and English names of months and weekdays of
/// three letters. As in Vixie cron a day fires that both day fields allow, or, when neither begins with `*`, one of them.
struct Schedule: Hashable {
    /// As it was written.
    let text: String
    /// Longest pause by the clock on the wall; a change to summer time may add an hour.
    let longestGap: Duration

    /// Every midnight.
    static let daily = Schedule(text: "0 0 * * *", longestGap: .seconds(86_400))

    private init(text: String, longestGap: Duration) {
        self.text = text
        self.longestGap = longestGap
    }

    init(_ text: String) throws(SettingRefusal) {
        let words = text.split { $0 == " " || $0 == "\t" }
        guard words.count == 5 else {
            throw SettingRefusal(
                "has \(words.count) fields, not 5",
                hint: "write minute hour day month weekday, such as \"30 2 * * *\" for half past two every night")
        }
        let minutes = try CronField.minute.values(words[0])
        let hours = try CronField.hour.values(words[1])
        let days = CalendarDays(
            days: try CronField.day.values(words[2]), months: try CronField.month.values(words[3]),
            // Sunday is 0 and 7.
            weekdays: Set(try CronField.weekday.values(words[4]).map { $0 % 7 }),
            needsBoth: words[2].hasPrefix("*") || words[4].hasPrefix("*"))
        let times = hours.flatMap { hour in minutes.map { hour * 60 + $0 } }.sorted()
        guard let first = times.first, let last = times.last, let pause = days.longestPause else {
            throw SettingRefusal("never fires: no month has that day")
        }
        let within = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0
        self.init(text: text, longestGap: .seconds(60 * max(within, pause * 1440 - last + first)))
    }
}

/// One of the five fields.
private struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var words: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let day = CronField(name: "day", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
    static let weekday = CronField(
        name: "weekday", range: 0...7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    func values(_ text: Substring) throws(SettingRefusal) -> Set<Int> {
        var values = Set<Int>()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = halves.count == 2 ? Int(halves[1]) : 1
            guard let step, step > 0, step <= 60 else { throw refusal(part) }
            let ends = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let from = halves[0] == "*" ? range.lowerBound : try number(ends[0], part)
            let to =
                halves[0] == "*" || ends.count == 1 && halves.count == 2
                ? range.upperBound : try number(ends[ends.count - 1], part)
            guard from <= to else { throw refusal(part) }
            values.formUnion(stride(from: from, through: to, by: step))
        }
        return values
    }

    private func number(_ text: Substring, _ part: Substring) throws(SettingRefusal) -> Int {
        if let word = words.firstIndex(of: text.lowercased()) { return range.lowerBound + word }
        guard let number = Int(text), range.contains(number), text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw refusal(part) }
        return number
    }

    private func refusal(_ part: Substring) -> SettingRefusal {
        SettingRefusal(
            "has the \(name) \"\(part.prefix(20))\", which is none",
            hint: "\(name)s are \(range.lowerBound)-\(range.upperBound), *, lists with `,` and steps with `/`")
    }
}

/// The days on which a schedule fires.
private struct CalendarDays {
    let days: Set<Int>
    let months: Set<Int>
    let weekdays: Set<Int>
    let needsBoth: Bool

    /// The years around 2100, which has no 29 February, hold the longest pauses that five fields can make; 1 January 2060 is
    /// a Thursday.
    private static let years = 2060...2140
    private static let firstWeekday = 4

    /// The longest way from a firing day to the next, in days; nil when there are not two.
    var longestPause: Int? {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var number = 0
        var last: Int?
        var longest: Int?
        for year in Self.years {
            let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
            for month in 1...12 {
                let length = month == 2 && isLeap ? 29 : lengths[month - 1]
                if months.contains(month) {
                    for day in 1...length where fires(day, (Self.firstWeekday + number + day - 1) % 7) {
                        if let last { longest = max(longest ?? 0, number + day - last) }
                        last = number + day
                    }
                }
                number += length
            }
        }
        return longest
    }

    private func fires(_ day: Int, _ weekday: Int) -> Bool {
        let (byDay, byWeekday) = (days.contains(day), weekdays.contains(weekday))
        return needsBoth ? byDay && byWeekday : byDay || byWeekday
    }
}
