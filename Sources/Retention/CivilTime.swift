/// A moment as clock and calendar of one zone show it (proleptic Gregorian calendar).
struct CivilTime: Equatable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int
    /// Seconds since midnight.
    let secondOfDay: Int
    /// Days since 1970-01-01.
    let dayNumber: Int

    /// The moment `seconds` after 1970 UTC in a zone `offset` seconds ahead.
    init(seconds: Int64, offset: Int) {
        let local = Int(seconds) + offset
        secondOfDay = local.remainder(floored: 86_400)
        dayNumber = (local - secondOfDay) / 86_400
        // Years that begin in March have their leap day at the end; eras of 400 years all have 146 097 days.
        let shifted = dayNumber + 719_468
        let dayOfEra = shifted.remainder(floored: 146_097)
        let era = (shifted - dayOfEra) / 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// Days from 1970-01-01 to a date, whose month and day may lie out of range and then count on into their neighbours.
    static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        let marchMonth = (month - 3).remainder(floored: 12)
        let marchYear = year + (month - 3 - marchMonth) / 12
        let yearOfEra = marchYear.remainder(floored: 400)
        let era = (marchYear - yearOfEra) / 400
        let dayOfYear = (153 * marchMonth + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear + day - 1 - 719_468
    }

    /// The year that the ISO 8601 week belongs to, and its number: a week belongs where its Thursday lies.
    var isoWeek: (year: Int, week: Int) {
        let weekday = (dayNumber + 3).remainder(floored: 7)
        let thursday = CivilTime(seconds: Int64(dayNumber - weekday + 3) * 86_400, offset: 0)
        let firstDay = CivilTime.dayNumber(year: thursday.year, month: 1, day: 1)
        return (thursday.year, (thursday.dayNumber - firstDay) / 7 + 1)
    }
}

extension Int {
    /// What is left of a division that rounds down, never negative.
    fileprivate func remainder(floored divisor: Int) -> Int {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
