import GRDB
import Recovery

extension CatalogTable {
    static let restores = CatalogTable(
        name: "restores", owner: "event",
        columns: [
            "event", "time", "point_id", "sources", "target", "outcome", "started", "timeline", "position", "skew_s",
            "mask", "unmasked_reason", "erased_count", "actor",
        ])
}

/// `restore`: something was brought back, taken back, or accepted.
enum RestoreRows {
    @Sendable static func rows(_ restore: RecordedRestore, _ event: CatalogEvent, _ actor: String) -> [CatalogRow] {
        [
            CatalogRow(
                .restores,
                [
                    "event": event.name, "time": event.timeText, "point_id": restore.point,
                    "sources": JSONColumn.text(restore.sources), "target": restore.target, "outcome": restore.outcome,
                    "started": restore.started, "timeline": restore.timeline.map { Int64($0) },
                    "position": restore.position, "skew_s": restore.skewSeconds, "mask": restore.handover?.mask,
                    "unmasked_reason": restore.handover?.unmaskedReason,
                    "erased_count": restore.handover?.erasedCount, "actor": actor,
                ])
        ]
    }
}
