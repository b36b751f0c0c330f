import Runbooks

/// The timeline of a drill as a picture: phases above, what each probe saw below, lost beats as ticks.
struct TimelineChart {
    private static let width = 1000.0
    private static let left = 130.0
    private static let rowHeight = 24.0
    /// Seconds that are shown before the fault at least, as a part of the rest.
    private static let lead = 0.08

    private let report: DrillReport
    private let begin: Double
    private let end: Double

    init(_ report: DrillReport) {
        self.report = report
        let last = max(report.moments.end, report.moments.recovered ?? 0, 1)
        let lost = report.lostBeats.map(\.acknowledged).min() ?? 0
        begin = min(-last * Self.lead, max(lost, -last))
        end = last
    }

    /// SVG, to stand in HTML.
    var svg: String {
        var parts = [String]()
        parts.append(row(0, "phases"))
        for span in report.phases {
            parts.append(
                bar(
                    0, span.begin, span.end, Self.color(span.phase),
                    "\(span.phase.rawValue), \(TimeText.span(span.end - span.begin))"))
        }
        for (index, probe) in report.probes.enumerated() {
            parts.append(row(index + 1, probe.name))
            parts.append(bar(index + 1, begin, end, "#bfe3c8", "\(probe.name) answers"))
            for outage in probe.down where outage.begin < end {
                let until = min(outage.end ?? end, end)
                parts.append(bar(index + 1, max(outage.begin, begin), until, "#d9534f", "\(probe.name) fails"))
            }
            for gap in report.gaps where gap.probe == nil || gap.probe == probe.name {
                parts.append(bar(index + 1, max(gap.begin, begin), min(gap.end, end), "#8c8c8c", "nobody looked"))
            }
        }
        let beats = report.probes.count + 1
        parts.append(row(beats, "lost beats"))
        for beat in report.lostBeats where beat.acknowledged >= begin && beat.acknowledged <= end {
            parts.append(line(beat.acknowledged, beats, beats + 1, "#b42318", "beat \(beat.number)"))
        }
        let marks = [
            ("fault", 0), ("detected", report.moments.detected), ("degraded", report.moments.degraded),
            ("recovered", report.moments.recovered),
        ]
        for (index, (name, at)) in marks.enumerated() {
            guard let at else { continue }
            parts.append(line(at, 0, beats + 1, "#1b1b1b", name))
            let y = Self.rowHeight * Double(beats + 2 + index) - 8
            parts.append(text(x(at) + 3, y, "\(name) \(index == 0 ? "" : TimeText.span(at))"))
        }
        let height = Self.rowHeight * Double(beats + 6)
        return """
            <svg viewBox="0 0 \(Self.number(Self.width)) \(Self.number(height))" role="img" font-size="12" \
            font-family="system-ui, sans-serif"><title>Timeline</title>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    private func x(_ at: Double) -> Double {
        Self.left + (at - begin) / (end - begin) * (Self.width - Self.left - 90)
    }

    private func row(_ index: Int, _ name: String) -> String {
        text(0, Self.rowHeight * Double(index) + 16, name)
    }

    private func bar(_ index: Int, _ from: Double, _ to: Double, _ color: String, _ title: String) -> String {
        guard to > from else { return "" }
        let y = Self.rowHeight * Double(index) + 3
        return """
            <rect x="\(Self.number(x(from)))" y="\(Self.number(y))" width="\(Self.number(max(x(to) - x(from), 1)))" \
            height="\(Self.number(Self.rowHeight - 6))" fill="\(color)"><title>\(escaped(title))</title></rect>
            """
    }

    private func line(_ at: Double, _ top: Int, _ bottom: Int, _ color: String, _ title: String) -> String {
        """
        <line x1="\(Self.number(x(at)))" x2="\(Self.number(x(at)))" y1="\(Self.number(Self.rowHeight * Double(top)))" \
        y2="\(Self.number(Self.rowHeight * Double(bottom)))" stroke="\(color)"><title>\(escaped(title))</title></line>
        """
    }

    private func text(_ x: Double, _ y: Double, _ text: String) -> String {
        "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\">\(escaped(text))</text>"
    }

    /// One digit behind the point.
    private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    private static func color(_ phase: RecoveryPhase) -> String {
        switch phase {
        case .detect: "#f2c14e"
        case .decide: "#f78154"
        case .provision: "#9d8df1"
        case .fetch: "#5fa8d3"
        case .replay: "#2a6f97"
        case .verify: "#62b6a0"
        case .switch: "#b5c99a"
        }
    }
}
