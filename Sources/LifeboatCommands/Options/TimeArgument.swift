import ArgumentParser
import Glibc
import Trees

/// A moment on the command line: RFC 3339, or `2026-11-20 03:00:00` and `2026-11-20` by the clock of this machine.
struct TimeArgument: ExpressibleByArgument, Equatable {
    let value: Timestamp

    init?(argument: String) {
        if let moment = Timestamp(rfc3339: argument) {
            value = moment
            return
        }
        var parts = tm()
        let format = argument.contains(":") ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d"
        guard let end = strptime(argument, format, &parts), end.pointee == 0 else { return nil }
        parts.tm_isdst = -1
        let seconds = mktime(&parts)
        guard seconds != -1 else { return nil }
        value = Timestamp(seconds: Int64(seconds))
    }
}
