import Runbooks

/// The report as one page of HTML that needs nothing else: no script, no font, no address.
public struct DrillPage: Sendable {
    private let report: DrillReport

    /// The page of a report.
    public init(_ report: DrillReport) { self.report = report }

    /// HTML.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped("Drill \(report.id): \(report.verdict.rawValue)"))</title>
        <style>
        \(Self.style)</style>
        </head>
        <body>
        <h1>\(escaped("\(report.scenario): \(report.title)"))</h1>
        <p class="verdict \(report.verdict.rawValue)">\(escaped(report.headline))</p>
        \(facts)
        \(section("Objective and achieved", objectives))
        \(section("Timeline", TimelineChart(report).svg + phases))
        \(section("Why", reasons))
        \(section("What was lost", losses))
        \(section("Steps", steps))
        \(section("What was really done", truth))
        \(section("What was restored", restores))
        \(section("What had to hold", proofs))
        \(section("Fence", fence))
        </body>
        </html>

        """
    }

    private func section(_ title: String, _ body: String) -> String {
        body.isEmpty ? "" : "<h2>\(title)</h2>\n\(body)\n"
    }

    private var facts: String {
        let data = [
            report.data.kind.rawValue,
            report.data.loaded.map { "point \($0.point.prefix(8)) of \($0.moment), masked with \($0.mask)" },
            report.data.byteCount.map { Self.bytes($0) },
            report.data.scalePercent.map { "\(TimeText.percent($0 / 100)) of production's" },
        ].compactMap { $0 }.joined(separator: ", ")
        let exposure = report.data.exposureSeconds.map {
            "\(TimeText.span($0)) at worst in 30 days, by recovery points alone"
        }
        let rows = [
            ("Drill", report.id), ("Began", report.began), ("Fault", report.faultTime ?? "none"),
            ("Environment", "\(report.environment) (\(report.driver))"),
            ("Decided by", report.isAttended ? "a person" : "nobody: what was proposed was taken"), ("Data", data),
            ("Way to stores", report.link.map { Self.way($0) } ?? "as fast as it is"),
            ("Exposure", exposure ?? "not known"),
            ("Runbook", "\(report.runbook), \(report.runbookDigest)"),
            ("By", "\(report.performedBy ?? "nobody known"), runbook approved by \(report.approvedBy ?? "nobody")"),
            ("Versions", report.versions.joined(separator: ", ")), ("Seed", report.seed),
        ]
        return table([], rows.map { [$0.0, $0.1] }, "facts")
    }

    private static func way(_ link: DrillReport.Link) -> String {
        [
            link.bandwidth.map { "\(bytes($0)) a second" }, link.delaySeconds.map { "\(Int($0 * 1000)) ms later" },
        ].compactMap { $0 }.joined(separator: ", ") + ", each way"
    }

    private var objectives: String {
        let names = [
            "rpo_database": "Rows lost", "rpo_files": "Files lost", "rto_degraded": "Degraded service",
            "rto_full": "Whole service",
        ]
        let rows = report.objectives.map { row in
            let least = row.leastSeconds.flatMap { $0 > 0 ? "\(TimeText.span($0)) to " : nil } ?? ""
            return [
                names[row.name] ?? row.name, TimeText.span(row.objectiveSeconds),
                row.achievedSeconds.map { least + TimeText.span($0) } ?? "not known",
                row.isMet.map { $0 ? "met" : "missed" } ?? "not known",
            ]
        }
        var text = table(["", "objective", "achieved", ""], rows)
        text += "<p>People took \(TimeText.span(report.humanSeconds)) of it.</p>\n"
        if let percent = report.data.scalePercent, percent < 50, let forecast = report.data.forecastFullSeconds {
            text += "<p>At production's size the whole service would take about \(TimeText.span(forecast)): "
            text += "the times of fetch, replay and verify grow with the bytes, the others stay.</p>\n"
        }
        return text
    }

    private var phases: String {
        var seconds: [String: Double] = [:]
        for span in report.phases { seconds[span.phase.rawValue, default: 0] += span.end - span.begin }
        let all = report.phases.map(\.phase.rawValue)
        let names = all.enumerated().filter { all.firstIndex(of: $0.element) == $0.offset }.map(\.element)
        return table(["phase", "took"], names.map { [$0, TimeText.span(seconds[$0] ?? 0)] })
    }

    private var reasons: String {
        table(["", "code", ""], report.reasons.map { [$0.verdict.rawValue, $0.code, $0.message] })
    }

    private var losses: String {
        let rows = report.losses.map { loss in
            [
                loss.store.rawValue, "\(loss.countBefore)", "\(loss.lostBefore.count)", "\(loss.lostAfter.count)",
                "\(loss.holes.count)", "\(loss.unknown.count)",
            ]
        }
        var text = table(
            ["store", "written before the fault", "lost of these", "lost of those after", "holes", "not known"], rows)
        if !report.lostBeats.isEmpty {
            let beats = report.lostBeats.prefix(1000).map { beat in
                let stores = beat.stores.map(\.rawValue).joined(separator: " and ")
                return ["\(beat.number)", TimeText.span(beat.acknowledged), stores]
            }
            text += "<details><summary>Lost beats</summary>\n"
            text += table(["beat", "acknowledged, from the fault", "lost"], beats) + "</details>\n"
        }
        return text
    }

    private var steps: String {
        let rows = report.steps.map { step in
            [
                step.id, step.host, step.phase.rawValue, TimeText.span(step.begin),
                step.end.map { TimeText.span($0 - step.begin) } ?? "never ended", "\(step.attempts)",
                step.failure ?? step.decided.map { "\($0), by \(step.by ?? "")" }
                    ?? (step.isVerified == true ? "verified" : "done"),
            ]
        }
        return table(["step", "host", "phase", "begun", "took", "attempts", ""], rows)
    }

    private var truth: String {
        let rows = report.faults.map { fault in
            [fault.kind.rawValue, fault.subject, fault.time, fault.position ?? "", fault.detail ?? ""]
        }
        return table(["fault", "what", "when", "position", "its own words"], rows)
            + (report.choice.map { "<p>\(escaped($0.message))</p>\n" } ?? "")
    }

    private var restores: String {
        let rows = (report.restores ?? []).map { one in
            [one.sources.joined(separator: ", "), one.target, one.point ?? "several", one.position ?? "", one.started]
        }
        return table(["restored", "to", "from point", "stands at", "begun"], rows)
    }

    private var proofs: String {
        table(["", ""], report.proofs.map { [$0.what, $0.failure ?? "holds"] })
    }

    private var fence: String {
        guard let fence = report.fence else { return "" }
        let tries = fence.tries.map { one in
            [one.host, one.port ?? "", TimeText.span(one.at), one.outcome, one.detail]
        }
        let heard = fence.heard.map { one in
            [TimeText.span(one.at), one.port, one.from, "\(one.byteCount)", one.by.map { "a try from \($0)" } ?? ""]
        }
        return table(["tried from", "to", "when", "", ""], tries)
            + (heard.isEmpty
                ? "<p>The canary heard nothing from inside.</p>\n"
                : table(["heard", "at", "from", "bytes", ""], heard))
    }

    private func table(_ head: [String], _ rows: [[String]], _ kind: String = "") -> String {
        guard !rows.isEmpty else { return "" }
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(escaped($0))</\(tag)>" }.joined() + "</tr>\n"
        }
        return "<table class=\"\(kind)\">\n" + (head.isEmpty ? "" : row(head, "th"))
            + rows.map { row($0, "td") }.joined() + "</table>\n"
    }

    private static func bytes(_ count: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(count) B" : "\(Int(value * 10) / 10).\(Int(value * 10) % 10) \(units[unit])"
    }

    private static let style = """
        body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
        table { border-collapse: collapse; margin: .5rem 0; } td, th { padding: .2rem .8rem .2rem 0; text-align: left;
        vertical-align: top; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; } th { font-weight: 600; }
        .verdict { font-size: 1.2rem; padding: .5rem .8rem; border-left: .5rem solid; }
        .pass { border-color: #1a7f37; background: #e9f6ec; } .fail { border-color: #b42318; background: #fdecea; }
        .inconclusive { border-color: #9a6700; background: #fff6dd; } svg { width: 100%; height: auto; }
        @media print { body { margin: 0; max-width: none; } details { display: block; } }

        """
}

/// Text that may stand in HTML: what hosts and scripts said must not become a part of the page.
func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        .replacing("\"", with: "&quot;")
}
