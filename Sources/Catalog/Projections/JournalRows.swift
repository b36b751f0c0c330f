import GRDB
import Recovery

extension CatalogTable {
    static let alerts = CatalogTable(
        name: "alerts", owner: "event", columns: ["event", "time", "source", "kind", "message"])
}

/// `journal`: what somebody must see. That a journal was started is no alert.
enum JournalRows {
    @Sendable static func rows(_ journal: RecordedJournal, _ event: CatalogEvent, _ actor: String) -> [CatalogRow] {
        guard journal.isBaseDue, journal.action != "started" else { return [] }
        let reason = journal.reason ?? "no reason given"
        return [
            CatalogRow(
                .alerts,
                [
                    "event": event.name, "time": event.timeText, "source": journal.source,
                    "kind": "journal_\(journal.action)",
                    "message": "\(journal.action) in timeline \(journal.timeline): \(reason); a new base is due",
                ])
        ]
    }
}
