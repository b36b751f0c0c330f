import Drills
import GRDB

extension CatalogTable {
    static let tests = CatalogTable(
        name: "disaster_recovery_tests", owner: "id", columns: DisasterRecoveryTest.columns)
    static let steps = CatalogTable(
        name: "disaster_recovery_steps", owner: "test_id",
        columns: ["test_id", "step", "host", "phase", "started", "ended", "exit", "attempts", "log_object"])
    static let reasons = CatalogTable(
        name: "disaster_recovery_reasons", owner: "test_id",
        columns: ["test_id", "number", "verdict", "code", "message"])
}

/// `drill`: a rehearsal, its steps, and why its verdict is what it is.
enum DrillRows {
    @Sendable static func subject(_ drill: DrillEventPayload) -> String { drill.test.id }

    @Sendable static func rows(_ drill: DrillEventPayload, _ event: CatalogEvent, _ actor: String) -> [CatalogRow] {
        [test(drill.test, event, actor)]
            + drill.steps.map { step in
                CatalogRow(
                    .steps,
                    [
                        "test_id": drill.test.id, "step": step.step, "host": step.host, "phase": step.phase,
                        "started": step.started, "ended": step.ended, "exit": step.exit.map { Int64($0) },
                        "attempts": step.attempts, "log_object": step.logObject,
                    ])
            }
            + drill.reasons.enumerated().map { number, reason in
                CatalogRow(
                    .reasons,
                    [
                        "test_id": drill.test.id, "number": number + 1, "verdict": reason.verdict.rawValue,
                        "code": reason.code, "message": reason.message,
                    ])
            }
    }

    private static func test(_ test: DisasterRecoveryTest, _ event: CatalogEvent, _ actor: String) -> CatalogRow {
        CatalogRow(
            .tests,
            [
                "id": test.id, "scenario": test.scenario, "environment": test.environment, "attended": test.isAttended,
                "data_kind": test.dataKind, "data_bytes": test.dataByteCount?.stored,
                "scale_percent": test.scalePercent, "point_id": test.pointID,
                "target_position": test.targetPosition, "fault_at": test.faultAt, "detected_at": test.detectedAt,
                "declared_at": test.declaredAt, "degraded_at": test.degradedAt, "recovered_at": test.recoveredAt,
                "rto_degraded_objective_s": test.degradedObjectiveSeconds, "rto_degraded_s": test.degradedSeconds,
                "rto_full_objective_s": test.fullObjectiveSeconds, "rto_full_s": test.fullSeconds,
                "human_s": test.humanSeconds, "rpo_objective_s": test.rpoObjectiveSeconds,
                "rpo_database_s": test.rpoDatabaseSeconds, "rpo_files_s": test.rpoFilesSeconds,
                "lost_after_fault": test.lostAfterFault, "holes": test.holes, "verdict": test.verdict,
                "versions": JSONColumn.text(test.versions), "runbook_digest": test.runbookDigest,
                "plan_changed_since_last": test.isPlanChangedSinceLast, "report_object": test.reportObject,
                "event_sequence": event.sequence.stored, "performed_by": test.performedBy ?? actor,
                "approved_by": test.approvedBy, "bandwidth_bytes_s": test.bandwidth?.stored,
                "delay_s": test.delaySeconds,
            ])
    }
}
