/// A date and time of day in UTC, in the proleptic Gregorian calendar that RFC 3339 uses.
struct CivilTime {
    var year: Int
    var month: Int
    var day: Int
    /// Seconds since midnight, 0 ..< 86400.
    var secondOfDay: Int

    private static let daysPerEra = 146_097  // 400 years
    private static let dayOfEpoch = 719_468  // 1970-01-01 counted from 0000-03-01

    /// Reads the clock for any second since 1970.
    init(secondsSince1970 seconds: Int64) {
        var days = Int(seconds / 86_400)
        secondOfDay = Int(seconds % 86_400)
        if secondOfDay < 0 {
            secondOfDay += 86_400
            days -= 1
        }
        // Years are counted from March, so that the leap day is the last of a year.
        days += CivilTime.dayOfEpoch
        let era = (days >= 0 ? days : days - (CivilTime.daysPerEra - 1)) / CivilTime.daysPerEra
        let dayOfEra = days - era * CivilTime.daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days from 1970-01-01 to a date.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * daysPerEra + dayOfEra - dayOfEpoch
    }

    /// Days in a month.
    static func length(ofMonth month: Int, year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
    }

    /// RFC 3339 has four digits for the year: others move to the nearest year that has, as restic does it.
    mutating func clampYear() {
        guard !(0...9999).contains(year) else { return }
        year = year < 0 ? 0 : 9999
        if day > CivilTime.length(ofMonth: month, year: year) { (month, day) = (3, 1) }
    }
}
