import Testing

@testable import Runbooks

@Suite("Runbooks on paper")
struct RunbookPageTests {
    private func page(_ text: String, _ words: RunbookWords = RunbookWords()) throws -> String {
        RunbookPage(
            try Runbook(text: text, file: "D.md"), words: words, durations: ["freeze": [1.26, 95]],
            printed: "2026-11-21"
        ).html
    }

    @Test("a page has a title block, each section, a box for each step and decision, and what they took in drills")
    func structure() throws {
        let html = try page(RunbookTests.good)
        #expect(html.hasPrefix("<!DOCTYPE html>") && html.contains("<h1>D: Database corruption</h1>"))
        for row in [
            "<th>Owner</th><td>platform team</td>", "<td>degraded within 1h, full within 2h</td>",
            "<td>2027-02-01</td>",
        ] { #expect(html.contains(row), "\(row)") }
        for kind in Runbook.SectionKind.allCases {
            #expect(html.contains("<section class=\"\(kind.rawValue.lowercased())\">\n<h2>\(kind.rawValue)</h2>"))
        }
        #expect(
            html.ranges(of: "<div class=\"step\"").count == 2 && html.ranges(of: "<div class=\"decision\"").count == 1)
        #expect(html.contains("on <b>app1</b>, at most 2m<span class=\"measured\">; in drills 1.3 s, 1m35s</span>"))
        #expect(html.contains("<b>restore</b> on <b>operator</b>, at most 1h</p>"))
        #expect(html.contains("size: A4") && html.contains("@bottom-left { content: \"D: Database corruption"))
    }

    @Test("text of the runbook is text of the page, whatever it holds")
    func escapes() throws {
        let text = RunbookTests.good.replacing("service app stop", with: "test 1 \\< 2 && echo \"</pre><script>\"")
            .replacing("Which transaction did it?", with: "Is <b> it?").replacing("platform team", with: "a <i> team")
        let html = try page(text)
        #expect(html.contains("test 1 \\&lt; 2 &amp;&amp; echo &quot;&lt;/pre&gt;&lt;script&gt;&quot;"))
        #expect(html.contains("Is &lt;b&gt; it?") && html.contains("a &lt;i&gt; team") && !html.contains("<script"))
    }

    @Test("nothing of a page is fetched from elsewhere: pictures become their text, raw HTML is left out")
    func fetchesNothing() throws {
        let text = RunbookTests.good.replacing(
            "\nCall.\n", with: "\n![the rack](http://example.org/rack.png) <img src=\"http://example.org/x\">\n")
        let html = try page(text)
        #expect(
            html.contains("the rack") && !html.contains("<img") && !html.contains("src=") && !html.contains("<link"))
    }

    @Test("service and contacts are filled in where prose asks for them, and nowhere else")
    func words() throws {
        let text = RunbookTests.good.replacing("\nCall.\n", with: "\nCall for {{service}}:\n\n{{contacts}}\n")
            .replacing("service app stop", with: "echo '{{contacts}}'")
        let contacts = [Contact(role: "on call", name: "A & B", phone: "+49 30 1", mail: nil)]
        let html = try page(text, RunbookWords(service: "cloud", contacts: contacts))
        #expect(html.contains("Call for cloud:") && html.contains("<td>A &amp; B</td><td>+49 30 1</td>"))
        #expect(html.contains("echo '{{contacts}}'"))
        #expect(try page(text).contains("no contacts are known here"))
        let filled = RunbookWords(service: "cloud", contacts: contacts).text("Call for {{service}}:\n{{contacts}}")
        #expect(filled == "Call for cloud:\n  on call: A & B, +49 30 1")
    }
}
