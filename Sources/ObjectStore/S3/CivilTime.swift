/// A moment in UTC, in the two spellings that S3 uses. Days are counted as in Howard Hinnant's "chrono-compatible low-level
/// date algorithms".
struct CivilTime: Equatable {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    let unixSeconds: Int64

    /// `20150830T123600Z`.
    var compact: String {
        let days = unixSeconds.dividedFloor(by: 86_400)
        let second = unixSeconds - days * 86_400
        let (year, month, day) = CivilTime.date(of: days)
        func pad(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return pad(year, 4) + pad(month, 2) + pad(day, 2) + "T" + pad(second / 3600, 2) + pad(second / 60 % 60, 2)
            + pad(second % 60, 2) + "Z"
    }

    /// Reads the `Date` header of HTTP (RFC 9110 5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
    init?(httpDate text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, clock.allSatisfy({ (0...60).contains($0) }) else { return nil }
        let days = CivilTime.days(year: year, month: Int64(month) + 1, day: day)
        unixSeconds = days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }

    init(unixSeconds: Int64) {
        self.unixSeconds = unixSeconds
    }

    private static func date(of days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468  // days since 0000-03-01
        let era = shifted.dividedFloor(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let civil = month < 10 ? month + 3 : month - 9
        return (yearOfEra + era * 400 + (civil <= 2 ? 1 : 0), civil, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year.dividedFloor(by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity; `divisor` is positive.
    fileprivate func dividedFloor(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
