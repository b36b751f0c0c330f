import ArgumentParser
import DataSources
import Trees

/// A moment to restore: `now`, `-15m`, RFC 3339, or a date and a time by the clock of this machine.
enum MomentArgument: ExpressibleByArgument, Equatable {
    case now
    case ago(Duration)
    case time(Timestamp)

    init?(argument: String) {
        if argument == "now" {
            self = .now
        } else if argument.hasPrefix("-"), let span = DurationArgument(argument: String(argument.dropFirst())) {
            self = .ago(span.value)
        } else if let time = TimeArgument(argument: argument) {
            self = .time(time.value)
        } else {
            return nil
        }
    }

    /// As it can be typed.
    var text: String {
        switch self {
        case .now: "now"
        case .ago(let span): "-\(span.components.seconds)s"
        case .time(let time): time.rfc3339
        }
    }

    /// The target of a replay; `now` is everything that there is.
    func target(now: Timestamp) -> LogTarget {
        switch self {
        case .now: .end
        case .ago(let span): .time(Self.seconds(now) - span / .seconds(1))
        case .time(let time): .time(Self.seconds(time))
        }
    }

    static func seconds(_ time: Timestamp) -> Double { Double(time.seconds) + Double(time.nanoseconds) / 1e9 }
}

extension LogTarget {
    /// `2026-11-21 02:14:07 +01:00`, `through 0-1-4711`, `before 0-1-4711`, `the end of the log`.
    var words: String {
        switch self {
        case .time(let seconds): Units.zonedTime(seconds)
        case .through(let position): "through \(position)"
        case .before(let position): "before \(position)"
        case .end: "the end of the log"
        }
    }
}
