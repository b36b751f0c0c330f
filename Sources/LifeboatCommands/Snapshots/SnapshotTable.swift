import Repository
import Sealing

/// Snapshots as a table.
enum SnapshotTable {
    /// A row for each; `reasons` adds a column that says why it stays.
    static func lines(_ entries: [SnapshotEntry], reasons: [[String]]? = nil) -> [String] {
        if entries.isEmpty { return ["no snapshots"] }
        let titles = ["ID", "Time", "Host", "Tags"] + (reasons == nil ? [] : ["Reasons"]) + ["Paths", "Size"]
        var table = TextTable(titles, right: ["Size"])
        for (number, entry) in entries.enumerated() {
            let snapshot = entry.snapshot
            var cells = [
                entry.id.short, Units.localTime(entry.moment), snapshot.hostname ?? "",
                (snapshot.tags ?? []).joined(separator: ","),
            ]
            if let reasons { cells.append(reasons[number].joined(separator: "\n")) }
            cells.append((snapshot.paths ?? []).joined(separator: "\n"))
            cells.append(snapshot.summary.map { Units.bytes($0.totalBytesProcessed) } ?? "")
            table.add(cells)
        }
        return table.lines + [Units.count(entries.count, "snapshot")]
    }
}
