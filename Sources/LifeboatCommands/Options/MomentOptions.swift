import ArgumentParser
import DataSources
import Trees

/// A moment of a database, between points.
struct MomentOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "As it was then: `2026-11-21 02:14:07` by the clock here, RFC 3339, `-15m`, `now`.", valueName: "time"))
    var at: MomentArgument?

    @Option(help: ArgumentHelp("Up to and with this transaction: a GTID or an LSN.", valueName: "position"))
    var atPosition: String?

    @Option(help: ArgumentHelp("Up to and without this transaction.", valueName: "position"))
    var beforePosition: String?

    @Option(help: ArgumentHelp("Of this history; the live one otherwise.", valueName: "number"))
    var timeline: UInt32?

    /// How many were named; one is right.
    var count: Int { [at != nil, atPosition != nil, beforePosition != nil].count { $0 } }

    /// Where a replay ends.
    func target(now: Timestamp) -> LogTarget {
        atPosition.map { .through($0) } ?? beforePosition.map { .before($0) } ?? (at ?? .now).target(now: now)
    }

    /// What was asked for, in words: the same ones go on with a restore in place that was interrupted.
    var asked: String {
        let moment =
            atPosition.map { "at-position \($0)" } ?? beforePosition.map { "before-position \($0)" }
            ?? at.map { "at \($0.text)" } ?? ""
        return moment + (timeline.map { ", timeline \($0)" } ?? "")
    }
}
