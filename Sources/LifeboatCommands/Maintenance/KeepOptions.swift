import ArgumentParser
import Retention

/// The keep rules of `forget`: restic's names and meanings. A snapshot stays when any rule wants it.
struct KeepOptions: ParsableArguments {
    @Option(
        name: [.customShort("l"), .long], help: ArgumentHelp("Keep the newest n snapshots.", valueName: "n|unlimited"))
    var keepLast: CountArgument?
    @Option(
        name: [.customShort("H"), .long],
        help: ArgumentHelp("Keep the newest of each of the last n hours that have any.", valueName: "n|unlimited"))
    var keepHourly: CountArgument?
    @Option(
        name: [.customShort("d"), .long], help: ArgumentHelp("The same for days.", valueName: "n|unlimited"))
    var keepDaily: CountArgument?
    @Option(
        name: [.customShort("w"), .long], help: ArgumentHelp("The same for weeks.", valueName: "n|unlimited"))
    var keepWeekly: CountArgument?
    @Option(
        name: [.customShort("m"), .long], help: ArgumentHelp("The same for months.", valueName: "n|unlimited"))
    var keepMonthly: CountArgument?
    @Option(
        name: [.customShort("y"), .long], help: ArgumentHelp("The same for years.", valueName: "n|unlimited"))
    var keepYearly: CountArgument?

    @Option(help: ArgumentHelp("Keep all within this span before the newest: 1y5m7d2h.", valueName: "span"))
    var keepWithin: SpanArgument?
    @Option(help: ArgumentHelp("Keep the newest of each hour within this span.", valueName: "span"))
    var keepWithinHourly: SpanArgument?
    @Option(help: ArgumentHelp("The same for days.", valueName: "span")) var keepWithinDaily: SpanArgument?
    @Option(help: ArgumentHelp("The same for weeks.", valueName: "span")) var keepWithinWeekly: SpanArgument?
    @Option(help: ArgumentHelp("The same for months.", valueName: "span")) var keepWithinMonthly: SpanArgument?
    @Option(help: ArgumentHelp("The same for years.", valueName: "span")) var keepWithinYearly: SpanArgument?

    @Option(
        help: ArgumentHelp(
            "Keep snapshots with all of these tags; may be given several times.", valueName: "tag[,tag…]"))
    var keepTag: [String] = []

    /// The rules for the engine; empty when none was given.
    var policy: RetentionPolicy {
        var policy = RetentionPolicy()
        policy.last = keepLast?.value ?? 0
        policy.hourly = keepHourly?.value ?? 0
        policy.daily = keepDaily?.value ?? 0
        policy.weekly = keepWeekly?.value ?? 0
        policy.monthly = keepMonthly?.value ?? 0
        policy.yearly = keepYearly?.value ?? 0
        policy.within = keepWithin?.value ?? .zero
        policy.withinHourly = keepWithinHourly?.value ?? .zero
        policy.withinDaily = keepWithinDaily?.value ?? .zero
        policy.withinWeekly = keepWithinWeekly?.value ?? .zero
        policy.withinMonthly = keepWithinMonthly?.value ?? .zero
        policy.withinYearly = keepWithinYearly?.value ?? .zero
        policy.tags = keepTag.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        return policy
    }
}

/// How many to keep: a number from 1 on, or `unlimited` (restic's -1).
struct CountArgument: ExpressibleByArgument, Equatable {
    let value: Int

    init?(argument: String) {
        if argument == "unlimited" || argument == "-1" {
            value = RetentionPolicy.unlimited
        } else if let number = Int(argument), number >= 0 {
            value = number
        } else {
            return nil
        }
    }
}

/// A span of the calendar: `1y5m7d2h`.
struct SpanArgument: ExpressibleByArgument, Equatable {
    let value: RetentionSpan

    init?(argument: String) {
        guard let value = RetentionSpan(argument), !value.isZero else { return nil }
        self.value = value
    }
}
