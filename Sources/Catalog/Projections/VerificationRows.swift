import GRDB
import Recovery

extension CatalogTable {
    static let verifications = CatalogTable(
        name: "verifications", owner: "event",
        columns: ["event", "point_id", "plan", "started", "ended", "verdict", "bytes", "parts", "actor"])
}

/// `verification`: a point was restored into scratch and questioned.
enum VerificationRows {
    @Sendable static func rows(
        _ verification: RecordedVerification, _ event: CatalogEvent, _ actor: String
    ) -> [CatalogRow] {
        let bytes = verification.parts.reduce(Int64(0)) { $0.addingReportingOverflow($1.byteCount.stored).partialValue }
        return [
            CatalogRow(
                .verifications,
                [
                    "event": event.name, "point_id": verification.point, "plan": verification.plan,
                    "started": verification.started, "ended": verification.ended, "verdict": verification.verdict,
                    "bytes": bytes, "parts": JSONColumn.text(verification.parts), "actor": actor,
                ])
        ]
    }
}
