import Recovery
import Retention
import Settings

/// A plan with its schedule understood.
struct ScheduledPlan {
    var plan: Plan
    /// nil when something else starts it.
    var schedule: Schedule?

    init(_ fields: Fields) {
        plan = Plan(
            name: "", store: fields.required("store", .name, help: "the store its recovery points go to"),
            sources: fields.required(
                "sources", .list(of: .name, minimumCount: 1),
                help: "its sources; databases are read first, whatever the order"),
            keep: RetentionPolicy())
        schedule = fields.optional(
            "schedule", .schedule, help: "when it runs: minute hour day month weekday, as cron has it")
        plan.schedule = schedule?.text
        plan.usualDuration = fields.optional("usual-duration", .duration, help: "how long a run usually takes")
        plan.keep = fields.section("keep", help: "which recovery points stay; any rule keeps", RetentionPolicy.init)
        if plan.keep.isEmpty, !fields.isPlaceholder {
            fields.problem(
                "keep", message: "has no rule that keeps anything", hint: "`within: 30d` keeps a month of points")
        }
    }
}

extension RetentionPolicy {
    /// With no rule at all: everything within 30 days.
    init(_ fields: Fields) {
        self.init()
        let isBare = !["last", "hourly", "daily", "weekly", "monthly", "yearly"].contains(where: fields.has)
        last = fields.count("last", "keep the newest n points")
        hourly = fields.count("hourly", "keep the newest of each of the last n hours that have any")
        daily = fields.count("daily", "the same for days")
        weekly = fields.count("weekly", "the same for ISO weeks")
        monthly = fields.count("monthly", "the same for months")
        yearly = fields.count("yearly", "the same for years")
        within =
            fields.optional(
                "within", .retentionSpan,
                help: "keep all within this span before the newest; 30d when no other rule is given",
                default: isBare ? RetentionSpan(days: 30) : nil) ?? .zero
    }
}

extension Fields {
    fileprivate func count(_ key: String, _ help: String) -> Int {
        optional(key, .keepCount, help: help) ?? 0
    }
}

extension SettingKind<Int> {
    /// A number from 0 on, or `unlimited`.
    fileprivate static var keepCount: SettingKind {
        .scalar(
            "a number", schema: ["anyOf": [["type": "integer", "minimum": 0], ["const": "unlimited"]]], placeholder: 1,
            parse: { text throws(SettingRefusal) in
                guard let count = RetentionPolicy.count(text), count <= 1_000_000 else {
                    throw SettingRefusal("is no number of points", hint: "write a number from 0 on, or `unlimited`")
                }
                return count
            }, show: { $0 == RetentionPolicy.unlimited ? "unlimited" : .integer($0) })
    }
}

extension SettingKind<RetentionSpan> {
    /// A span of the calendar.
    fileprivate static var retentionSpan: SettingKind {
        .scalar(
            "a span", schema: ["type": "string", "pattern": "^([0-9]+[ymdh])+$"], placeholder: RetentionSpan(days: 1),
            parse: { text throws(SettingRefusal) in
                guard let span = RetentionSpan(text), !span.isZero else {
                    throw SettingRefusal(
                        "is no span of the calendar", hint: "write years, months, days, hours: 30d, 1y6m, 12h")
                }
                return span
            }, show: { .text($0.description) })
    }
}

extension SettingKind<Schedule> {
    /// Five fields of cron.
    fileprivate static var schedule: SettingKind {
        .scalar(
            "a schedule", schema: ["type": "string", "pattern": "^\\S+( +\\S+){4}$"], placeholder: .daily,
            parse: { text throws(SettingRefusal) in try Schedule(text) }, show: { .text($0.text) })
    }
}
