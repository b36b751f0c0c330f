import ArgumentParser
import Glibc
import Trees

/// A moment on the command line: RFC 3339, also with spaces as our own lists print it (`2026-11-20 03:00:00 +01:00`); or
/// `2026-11-20 03:00:00` and `2026-11-20` by the clock of this machine.
struct TimeArgument: ExpressibleByArgument, Equatable {
    let value: Timestamp

    init?(argument: String) {
        let words = argument.split(separator: " ", maxSplits: 2).map(String.init)
        let joined = words.count > 1 ? words[0] + "T" + words[1...].joined() : argument
        if let moment = Timestamp(rfc3339: joined) {
            value = moment
            return
        }
        // The same form with a zone behind it tells whether the parts are a date and a time at all.
        let text = argument.contains(":") ? argument : argument + " 00:00:00"
        let parts = text.split(separator: " ")
        guard parts.count == 2, Timestamp(rfc3339: "\(parts[0])T\(parts[1])Z") != nil else { return nil }
        let numbers = text.split { "- :".contains($0) }.compactMap { Int32($0) }
        guard numbers.count == 6 else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (time.tm_hour, time.tm_min, time.tm_sec) = (numbers[3], numbers[4], numbers[5])
        time.tm_isdst = -1
        let seconds = mktime(&time)
        guard seconds != -1 else { return nil }
        value = Timestamp(seconds: Int64(seconds))
    }
}
