import GRDB
import Recovery

extension CatalogTable {
    static let forgottenPoints = CatalogTable(
        name: "forgotten_points", owner: "event", columns: ["event", "point_id", "time"])
}

/// `forget`: points that went. A point stays in `recovery_points`, since that it was there is history.
enum ForgetRows {
    @Sendable static func rows(_ forget: RecordedForget, _ event: CatalogEvent, _ actor: String) -> [CatalogRow] {
        // A name that is there twice is forgotten once.
        Set(forget.points ?? []).sorted().map { point in
            CatalogRow(
                .forgottenPoints, ["event": event.name, "point_id": point, "time": event.timeText])
        }
    }
}
