import FoundationEssentials
import Runbooks
import TestSupport
import Testing

@testable import Drills

@Suite("The report of a drill")
struct ReportTests {
    @Test("it is stored as JSON, read again, and the same")
    func stored() throws {
        let place = try TemporaryFolder("report")
        let folder = DrillFolder(place.path)
        let logs = try PretendLogs()
        for record in logs.observed { try LineLog(folder.observer).append([record], isSynced: false) }
        for truth in logs.truths { try LineLog(folder.truth).append(truth) }
        let judge = DrillJudge(folder, logs.scenario, try logs.environment, logs.runbook)
        #expect(try judge.verdict(logs.records) == .pass)
        let stored = try DrillReport(of: folder)
        #expect(try stored == logs.report)
        let json = try String(contentsOf: URL(filePath: folder.report), encoding: .utf8)
        for key in ["\"objective_seconds\"", "\"lost_beats\"", "\"runbook_digest\"", "\"is_met\"", "\"human_seconds\""]
        {
            #expect(json.contains(key), "\(key)")
        }
        let page = try String(contentsOf: URL(filePath: folder.page), encoding: .utf8)
        #expect(page.contains("<svg") && page.contains("Whole service"))
        #expect(throws: DrillError.self) { try DrillReport(of: DrillFolder(place.path + "/none")) }
    }

    @Test("moments are seconds from the fault, and wall time is that of the beginning")
    func moments() throws {
        let report = try PretendLogs().report
        #expect(report.moments.detected == 3 && report.moments.declared == 5 && report.moments.end == 80)
        #expect(report.faultTime == "2026-11-18T11:08:20Z")
        #expect(
            report.lostBeats.map(\.number) == [37, 38, 39, 40, 41, 42]
                && report.lostBeats[0].stores == [.database, .files])
        #expect(report.steps.map(\.id) == ["look", "what", "mend"] && report.steps[1].decided == "0-1-50")
        #expect(report.steps[2].begin == 15 && report.steps[2].end == 65 && report.steps[2].isVerified == true)
        #expect(report.probes.map(\.name) == ["list"] && report.probes[0].down.count == 1)
    }

    @Test("what hosts and scripts said does not become a part of the page, and the page needs nothing else")
    func hostile() throws {
        var logs = try PretendLogs()
        logs.add(185, .proven(what: "rows", failure: "<script>alert(1)</script> & \"more\""))
        logs.scenario.title = "<img src=x>"
        let page = DrillPage(try logs.report).html
        #expect(!page.contains("<script") && !page.contains("<img") && page.contains("&lt;script&gt;"))
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("url("))
    }

    @Test("a drill that broke nothing has a report too")
    func empty() throws {
        var logs = try PretendLogs()
        logs.records = Array(logs.records.prefix(2))
        (logs.truths, logs.observed) = ([], [])
        let report = try logs.report
        #expect(report.verdict == .inconclusive && !DrillPage(report).html.contains("nan"))
    }
}
