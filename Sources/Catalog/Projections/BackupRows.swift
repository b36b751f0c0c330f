import GRDB
import Recovery

extension CatalogTable {
    static let runs = CatalogTable(
        name: "runs", owner: "id",
        columns: [
            "id", "node", "event_sequence", "plan", "service", "started", "ended", "outcome", "source_count",
            "failed_count", "bytes", "added_bytes", "configuration_digest", "actor",
        ])
    static let recoveryPoints = CatalogTable(
        name: "recovery_points", owner: "id",
        columns: [
            "id", "node", "event_sequence", "plan", "service", "started", "ended", "is_whole", "bytes", "added_bytes",
            "parts",
        ])
}

/// `backup`: a run, and the point it made.
enum BackupRows {
    @Sendable static func subject(_ backup: RecordedBackup) -> String { backup.point }

    @Sendable static func rows(_ backup: RecordedBackup, _ event: CatalogEvent, _ actor: String) -> [CatalogRow] {
        let bytes = backup.parts.reduce(Int64(0)) { $0.addingReportingOverflow($1.bytes.stored).partialValue }
        let added = backup.parts.reduce(Int64(0)) { $0.addingReportingOverflow($1.addedBytes.stored).partialValue }
        return [
            CatalogRow(
                .runs,
                [
                    "id": backup.point, "node": event.node, "event_sequence": event.sequence.stored,
                    "plan": backup.plan, "service": backup.service, "started": backup.started, "ended": backup.ended,
                    "outcome": backup.isWhole ? "whole" : "partial", "source_count": backup.parts.count,
                    "failed_count": backup.parts.count { $0.outcome == "failed" }, "bytes": bytes,
                    "added_bytes": added, "configuration_digest": backup.configurationDigest, "actor": actor,
                ]),
            CatalogRow(
                .recoveryPoints,
                [
                    "id": backup.point, "node": event.node, "event_sequence": event.sequence.stored,
                    "plan": backup.plan, "service": backup.service, "started": backup.started, "ended": backup.ended,
                    "is_whole": backup.isWhole, "bytes": bytes, "added_bytes": added,
                    "parts": JSONColumn.text(backup.parts),
                ]),
        ]
    }
}
