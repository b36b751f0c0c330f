import Drills
import Ledger
import ObjectStore
import Recovery
import Repository
import Runbooks
import Sealing
import TestSupport
import Trees

/// Records drills in the ledger of a service, as the runner does.
struct DrillDesk {
    private let recorder: LedgerRecorder

    init(_ service: Service) async throws {
        let store = DirectoryStore(root: service.place.repository)
        let repository = try await Repository(store: store)
            .open(password: SecretBytes(Array(Workplace.password.utf8)))
        let ledger = try Ledger(
            store: store, repositoryID: repository.config.id, key: repository.key, node: "testhost",
            folder: service.place.path("state") + "/ledger"
        ) { EventTime(seconds: Workplace.wallTime().seconds) }
        recorder = LedgerRecorder(ledger, user: "anna") { _ in }
    }

    func record(_ test: DisasterRecoveryTest, steps: [DisasterRecoveryStep] = []) async throws {
        let reasons = test.verdict == "pass" ? [] : [VerdictReason(.fail, "rto_full", "it took longer than accepted")]
        try await recorder.record(
            DrillEventPayload.kind, DrillEventPayload(test: test, steps: steps, reasons: reasons))
    }

    static func test(
        _ scenario: String, _ day: String, seconds: Double = 95.25, attended: Bool = false,
        verdict: Drills.Verdict = .pass
    ) -> DisasterRecoveryTest {
        var test = DisasterRecoveryTest(
            id: "\(scenario)-\(day.replacing("-", with: ""))T080000Z", scenario: scenario, environment: "namespace",
            isAttended: attended, dataKind: .synthetic, verdict: verdict, versions: ["lifeboat 0.1.0", "it's \\ \"x\""])
        (test.faultAt, test.recoveredAt) = (day + "T08:00:00.25Z", day + "T08:01:35.5Z")
        (test.fullSeconds, test.fullObjectiveSeconds) = (seconds, 3600)
        (test.rpoDatabaseSeconds, test.rpoObjectiveSeconds) = (0.5, 10)
        (test.lostAfterFault, test.holes, test.dataByteCount, test.scalePercent) = (3, 0, 1 << 30, 12)
        test.targetPosition = "0-1-4711"
        return test
    }

    static func step(_ name: String, of test: DisasterRecoveryTest, seconds: Int) -> DisasterRecoveryStep {
        DisasterRecoveryStep(
            testID: test.id, step: name, host: "app1", phase: .replay, started: "2026-11-21T08:00:10Z",
            ended: "2026-11-21T08:00:\(10 + seconds)Z", exit: 0, attempts: 1)
    }
}
