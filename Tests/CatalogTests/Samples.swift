import Drills
import FoundationEssentials
import Runbooks

/// Payloads as the program writes them.
enum Samples {
    private struct Envelope<Detail: Encodable>: Encodable {
        let actor = "0123456789abcdef"
        let detail: Detail
    }

    private static func bytes(_ detail: String) -> [UInt8] {
        Array(#"{"actor":"0123456789abcdef","detail":\#(detail)}"#.utf8)
    }

    static func backup(point: String) -> [UInt8] {
        bytes(
            #"""
            {"point":"\#(point)","plan":"nightly","service":"cloud","started":"2026-11-21T02:30:00Z",
            "ended":"2026-11-21T02:31:00Z","is_whole":false,"configuration_digest":"ab","parts":[
            {"source":"db","kind":"mariadb","outcome":"complete","bytes":1000,"added_bytes":100,"position":{"gtid":"0-1-2"}},
            {"source":"uploads","kind":"files","outcome":"failed","failure":"gone","bytes":0,"added_bytes":0}]}
            """#)
    }

    static func restore(point: String?) -> [UInt8] {
        let point = point.map { #""point":"\#($0)","# } ?? ""
        return bytes(
            #"{\#(point)"sources":["db"],"target":"scratch","outcome":"finished","handover":{"mask":"staging"}}"#)
    }

    static func verification(point: String) -> [UInt8] {
        bytes(
            #"""
            {"point":"\#(point)","plan":"nightly","started":"2026-11-21T03:00:00Z","ended":"2026-11-21T03:01:00Z",
            "verdict":"pass","parts":[{"source":"db","kind":"mariadb","verdict":"pass","message":"","byte_count":7}]}
            """#)
    }

    static func forget(_ points: [String]) -> [UInt8] {
        bytes(#"{"points":[\#(points.map { "\"\($0)\"" }.joined(separator: ","))],"orphans":[]}"#)
    }

    static let journal = bytes(
        #"{"action":"gap","source":"db","timeline":2,"reason":"a file is missing","is_base_due":true}"#)

    static func drill(_ test: DisasterRecoveryTest, stepCount: Int = 0, reasonCount: Int = 0) -> [UInt8] {
        let steps = (0..<stepCount).map { number in
            DisasterRecoveryStep(
                testID: test.id, step: "step-\(number)", host: "standby", phase: .fetch,
                started: "2026-11-21T08:0\(number):00Z", ended: "2026-11-21T08:0\(number):20Z", exit: 0, attempts: 1)
        }
        let reasons = (0..<reasonCount).map { VerdictReason(.fail, "hole", "beat \($0) is missing") }
        return encoded(DrillEventPayload(test: test, steps: steps, reasons: reasons))
    }

    private static func encoded(_ payload: DrillEventPayload) -> [UInt8] {
        // Right to lose nothing: what the tests make can be encoded.
        (try? JSONEncoder().encode(Envelope(detail: payload))).map(Array.init) ?? []
    }

    static func test(
        _ id: String, _ scenario: String = "D", attended: Bool = false, at fault: String? = "2026-11-21T08:00:00Z",
        verdict: Verdict = .pass
    ) -> DisasterRecoveryTest {
        var test = DisasterRecoveryTest(
            id: id, scenario: scenario, environment: "namespace", isAttended: attended, dataKind: .synthetic,
            verdict: verdict, versions: ["lifeboat 0.1.0", "mariadb 10.11"])
        test.dataByteCount = 1_073_741_824
        test.scalePercent = 62.5
        (test.bandwidth, test.delaySeconds) = (4_194_304, 0.02)
        test.faultAt = fault
        test.fullObjectiveSeconds = 3600
        test.fullSeconds = 95.25
        test.rpoObjectiveSeconds = 10
        test.rpoDatabaseSeconds = 0.5
        test.lostAfterFault = 3
        test.holes = 0
        return test
    }
}
