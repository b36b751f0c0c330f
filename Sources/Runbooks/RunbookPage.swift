import Sealing
import Settings

/// A runbook as a page of HTML that needs nothing else: for browsers, and for paper.
public struct RunbookPage: Sendable {
    private let runbook: Runbook
    private let words: RunbookWords
    private let durations: [String: [Double]]
    private let printed: String

    /// A page.
    ///
    /// - Parameters:
    ///   - words: what the prose leaves open.
    ///   - durations: seconds that each step took in drills, oldest first.
    ///   - printed: the day it is made, `2026-11-21`.
    public init(_ runbook: Runbook, words: RunbookWords, durations: [String: [Double]], printed: String) {
        self.runbook = runbook
        self.words = words
        self.durations = durations
        self.printed = printed
    }

    /// The text of the page. Nothing in it refers to anywhere else, so that whoever shows it asks no network.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(HTMLText.escaped(title))</title>
        <style>
        \(RunbookStyle.text)
        @page { @bottom-left { content: "\(cssText)"; } }
        </style>
        </head>
        <body>
        \(titleBlock)
        \(runbook.sections.map(section).joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private var title: String { "\(runbook.head.scenario): \(runbook.head.title)" }

    private var cssText: String {
        let text = "\(title) - \(runbook.digest.hex.prefix(12)) - printed \(printed)"
        return String(text.filter { $0 != "\"" && $0 != "\\" && $0 != "<" && !$0.isNewline })
    }

    private var titleBlock: String {
        let head = runbook.head
        let objective =
            (head.degraded.map { "degraded within \(Quantity.text($0)), " } ?? "")
            + "full within \(Quantity.text(head.full))"
        let rows = [
            ("Service", words.service ?? ""), ("Scenario", head.scenario), ("Objective", objective),
            ("Owner", head.owner), ("To be read again by", head.reviewBy), ("Printed", printed),
            ("Version", "<code>\(runbook.digest.hex)</code>"),
        ].filter { !$0.1.isEmpty }.map { name, value in
            "<tr><th>\(name)</th><td>\(name == "Version" ? value : HTMLText.escaped(value))</td></tr>"
        }
        return """
            <header class="title-block">
            <h1>\(HTMLText.escaped(title))</h1>
            <table>
            \(rows.joined(separator: "\n"))
            </table>
            <p class="lines">Followed by <i class="line"></i> began <i class="line short"></i> ended <i class="line short"></i></p>
            </header>
            """
    }

    private func section(_ section: Runbook.Section) -> String {
        let name = section.kind?.rawValue.lowercased() ?? "other"
        let heading = section.title.isEmpty ? "" : "<h2>\(HTMLText.escaped(section.title))</h2>\n"
        return "<section class=\"\(name)\">\n\(heading)\(section.items.map(item).joined(separator: "\n"))\n</section>"
    }

    private func item(_ item: Runbook.Item) -> String {
        switch item {
        case .text(let html, _, _): words.html(Self.withoutImages(html))
        case .step(let step): self.step(step)
        case .decision(let decision): self.decision(decision)
        }
    }

    private func step(_ step: RunbookStep) -> String {
        let id = HTMLText.escaped(step.id)
        let together = step.together.map { ", side by side with others of “\(HTMLText.escaped($0))”" } ?? ""
        let sets =
            step.sets.map {
                "<p class=\"sets\">Its last line becomes <code>\(HTMLText.escaped($0))</code>: <i class=\"line\"></i></p>\n"
            } ?? ""
        let verification = step.verification.map { verification in
            """
            <p class="verify"><i class="tick"></i> Shows that it worked, on <b>\(HTMLText.escaped(verification.host))</b>\(limit(verification)):</p>
            <pre>\(HTMLText.escaped(verification.text))</pre>

            """
        }
        return """
            <div class="step" id="step-\(id)">
            <p class="head"><i class="tick"></i> <b>\(id)</b> on <b>\(HTMLText.escaped(step.script.host))</b>\(limit(step.script))\(together)\(measured(step.id))</p>
            <pre>\(HTMLText.escaped(step.script.text))</pre>
            \(sets)\(verification ?? "")<p class="lines">started <i class="line short"></i> ended <i class="line short"></i> by <i class="line short"></i></p>
            </div>
            """
    }

    private func decision(_ decision: RunbookDecision) -> String {
        let proposal = decision.proposal.map { proposal in
            """
            <p class="verify">What is known, on <b>\(HTMLText.escaped(proposal.host))</b>\(limit(proposal)); its last line is proposed:</p>
            <pre>\(HTMLText.escaped(proposal.text))</pre>

            """
        }
        let sets = decision.sets.map { " (<code>\(HTMLText.escaped($0))</code>)" } ?? ""
        let within = decision.timeout.map { ", within \(Quantity.text($0))" } ?? ""
        return """
            <div class="decision" id="decision-\(HTMLText.escaped(decision.id))">
            <p class="head"><i class="tick"></i> Decide: <b>\(HTMLText.escaped(decision.id))</b>\(within)</p>
            <p>\(words.html(HTMLText.escaped(decision.question)))</p>
            \(proposal ?? "")<p class="lines wide">Decided\(sets): <i class="line full"></i></p>
            <p class="lines wide">Why: <i class="line full"></i></p>
            <p class="lines">at <i class="line short"></i> by <i class="line short"></i></p>
            </div>
            """
    }

    private func limit(_ script: RunbookScript) -> String {
        script.timeout.map { ", at most \(Quantity.text($0))" } ?? ""
    }

    /// `; in drills 12 s, 14 s`.
    private func measured(_ id: String) -> String {
        guard let seconds = durations[id], !seconds.isEmpty else { return "" }
        return "<span class=\"measured\">; in drills \(seconds.map(Self.length).joined(separator: ", "))</span>"
    }

    static func length(_ seconds: Double) -> String {
        seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : Quantity.text(.seconds(Int(min(seconds, 1e9).rounded())))
    }

    /// A picture would have to be fetched from somewhere; what it shows is said by its text.
    static func withoutImages(_ html: String) -> String {
        var kept = ""
        var rest = html[...]
        while let start = rest.firstRange(of: "<img ") {
            kept += rest[..<start.lowerBound]
            let tag = rest[start.lowerBound...].prefix { $0 != ">" }
            if let alt = tag.firstRange(of: "alt=\"") { kept += tag[alt.upperBound...].prefix { $0 != "\"" } }
            rest = rest[tag.endIndex...].dropFirst()
        }
        return kept + rest
    }
}
