import Glibc
import Trees

/// Numbers as people read them.
enum Units {
    /// `0 B`, `512 B`, `1.5 KiB`, `23.4 GiB`.
    static func bytes(_ count: UInt64) -> String {
        guard count >= 1024 else { return "\(count) B" }
        var value = Double(count)
        var unit = -1
        let names = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while value >= 1024, unit + 1 < names.count {
            value /= 1024
            unit += 1
        }
        return decimal(value, value < 100 ? 1 : 0) + " " + names[unit]
    }

    /// A number with so many digits behind the point.
    static func decimal(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard scaled.isFinite, abs(scaled) < 1e18 else { return "?" }
        let whole = Int64(scaled)
        let text = String(abs(whole))
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        let sign = whole < 0 ? "-" : ""
        return digits == 0 ? sign + padded : sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// `0:07`, `12:34`, `1:02:03`.
    static func clock(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let tail = two(seconds % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(tail)" : "\(minutes):\(tail)"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// `1 file`, `2 files`.
    static func count(_ number: some BinaryInteger, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) " + (number == 1 ? noun : plural ?? noun + "s")
    }

    /// `2026-11-20T22:35:49.123Z` of a time in RFC 3339 with up to nine digits behind the point; anything else as it is.
    static func milliseconds(_ time: String) -> String {
        guard let point = time.firstIndex(of: "."), time.hasSuffix("Z") else { return time }
        return time[..<point] + time[point...].dropLast().prefix(4) + "Z"
    }

    /// `2026-11-20 23:35:49 +01:00`, with what is behind the second where there is something: by the clock of this machine.
    static func zonedTime(_ time: Double) -> String {
        guard abs(time) < 1e11 else { return "?" }
        let whole = time.rounded(.down)
        var seconds = time_t(whole)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return "?" }
        let fraction = time > whole ? String(decimal(time - whole, 3).drop { $0 != "." }) : ""
        let minutes = abs(parts.tm_gmtoff) / 60
        let zone = (parts.tm_gmtoff < 0 ? "-" : "+") + two(Int64(minutes / 60)) + ":" + two(Int64(minutes % 60))
        return localTime(Timestamp(seconds: Int64(whole))) + fraction + " " + zone
    }

    /// `2026-11-20 23:35:49` in the zone of this machine.
    static func localTime(_ moment: Timestamp) -> String {
        var seconds = time_t(moment.seconds)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return moment.rfc3339 }
        let date = [Int64(parts.tm_year) + 1900, Int64(parts.tm_mon) + 1, Int64(parts.tm_mday)].map(two)
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { two(Int64($0)) }
        return date.joined(separator: "-") + " " + time.joined(separator: ":")
    }
}
