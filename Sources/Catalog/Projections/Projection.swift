import FoundationEssentials
import GRDB
import Ledger
import Recovery
import Trees

/// What an event becomes in the catalog. It depends on the event alone, so the order in which events are read does not matter.
struct Projection: Sendable, Hashable {
    /// What became of an event.
    enum State: String, Sendable {
        /// Its rows are there, if its kind has any.
        case projected
        /// Its kind is of a later release.
        case unknown
        /// Its payload has another shape than its kind should have.
        case unreadable
        /// Its payload was deleted.
        case gone
    }

    /// What it is about: of two events of a kind with the same subject the later one counts.
    let subject: String
    let state: State
    let actor: String?
    let rows: [CatalogRow]

    /// The projection of any event.
    init(_ event: CatalogEvent) {
        let result: (String, String?, [CatalogRow])?
        if event.payload == nil {
            self.init(event, .gone)
        } else if let kind = Projection.kinds[event.kind] {
            result = kind(event)
            self.init(event, result == nil ? .unreadable : .projected, result)
        } else {
            self.init(event, Projection.silent.contains(event.kind) ? .projected : .unknown)
        }
    }

    private init(_ event: CatalogEvent, _ state: State, _ found: (String, String?, [CatalogRow])? = nil) {
        self.state = state
        subject = found?.0 ?? event.name
        actor = found?.1
        rows = found?.2 ?? []
    }

    /// Kinds that are known and have no rows.
    private static let silent: Set<String> = ["alive", "erasure", "runbook_approved", "runbook_followed"]

    private typealias Reading = @Sendable (CatalogEvent) -> (String, String?, [CatalogRow])?

    private static let kinds: [String: Reading] = [
        "backup": reading(BackupRows.rows, about: BackupRows.subject), "restore": reading(RestoreRows.rows),
        "verification": reading(VerificationRows.rows), "forget": reading(ForgetRows.rows),
        "journal": reading(JournalRows.rows), "drill": reading(DrillRows.rows, about: DrillRows.subject),
    ]

    /// A kind by what makes rows of it; `subject` where it may be recorded more than once.
    private static func reading<Detail>(
        _ rows: @escaping @Sendable (Detail, CatalogEvent, String) -> [CatalogRow],
        about subject: (@Sendable (Detail) -> String)? = nil
    ) -> Reading where Detail: Decodable & Sendable {
        { event in
            guard let payload = event.payload,
                // Another shape is told by the event's state.
                let recorded = try? JSONDecoder().decode(RecordedEvent<Detail>.self, from: Data(payload))
            else { return nil }
            return (
                subject?(recorded.detail) ?? event.name, recorded.actor, rows(recorded.detail, event, recorded.actor)
            )
        }
    }
}

extension CatalogEvent {
    /// `web1/12`.
    var name: String { "\(node)/\(sequence)" }

    /// The same length for all, so that text sorts as time does: `2026-11-21T02:33:19.000000000Z`.
    var timeText: String {
        let whole = Timestamp(seconds: time.seconds).rfc3339.dropLast()
        let digits = String(time.nanoseconds)
        return whole + "." + String(repeating: "0", count: 9 - digits.count) + digits + "Z"
    }
}

/// Values that are lists, as JSON text with keys in order.
enum JSONColumn {
    static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { preconditionFailure("what was decoded can be encoded") }
        return String(decoding: data, as: UTF8.self)
    }
}
