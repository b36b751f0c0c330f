import Repository
import Sealing

/// A snapshot as `snapshots --json` shows it: restic's fields, with the ID.
struct SnapshotListing: Encodable {
    let entry: SnapshotEntry

    init(_ entry: SnapshotEntry) { self.entry = entry }

    private enum CodingKeys: String, CodingKey {
        case id
        case shortID = "short_id"
    }

    func encode(to encoder: any Encoder) throws {
        try entry.snapshot.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(entry.id.hex, forKey: .id)
        try container.encode(entry.id.short, forKey: .shortID)
    }

    /// Snapshots as a table.
    static func table(_ entries: [SnapshotEntry]) -> [String] {
        if entries.isEmpty { return ["no snapshots"] }
        var table = TextTable(["ID", "Time", "Host", "Tags", "Paths", "Size"], right: ["Size"])
        for entry in entries {
            let snapshot = entry.snapshot
            table.add([
                entry.id.short, Units.localTime(entry.moment), snapshot.hostname ?? "",
                (snapshot.tags ?? []).joined(separator: ","), (snapshot.paths ?? []).joined(separator: "\n"),
                snapshot.summary.map { Units.bytes($0.totalBytesProcessed) } ?? "",
            ])
        }
        return table.lines + [Units.count(entries.count, "snapshot")]
    }
}
