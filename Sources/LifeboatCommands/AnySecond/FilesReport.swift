import Recovery

/// Files that were restored with a database, or would be.
struct FilesReport: Report {
    /// More names than this are only counted, but in JSON.
    private static let shownCount = 20
    let outcome: FilesRestore.Outcome

    func encode(to encoder: any Encoder) throws { try outcome.encode(to: encoder) }

    var lines: [String] {
        let place = outcome.folder.map { "is restored in \($0)" } ?? "would come"
        let side = outcome.skew < 0 ? "before" : "after"
        var lines = [
            "\(outcome.source) \(place) from point \(outcome.from.point.prefix(8)): read at "
                + "\(Units.zonedTime(outcome.from.from)), at most \(Units.clock(.seconds(abs(outcome.skew)))) \(side) the database"
        ]
        if outcome.skew < 0 { lines.append("  there is none from after it: what came since is missing") }
        lines += (outcome.erased?.lines ?? []).map { "  \($0)" }
        guard let rowCount = outcome.rowCount else { return lines }
        lines.append("  \(Units.count(rowCount, "path")) named by rows")
        return lines + list("from earlier points", outcome.fromEarlier)
            + list("ROWS WITHOUT FILE", outcome.rowsWithoutFile)
    }

    private func list(_ title: String, _ names: [String]) -> [String] {
        guard !names.isEmpty else { return [] }
        let more = names.count - Self.shownCount
        return ["  \(title): \(names.count)"] + names.prefix(Self.shownCount).map { "    \($0)" }
            + (more > 0 ? ["    … and \(more) more; --json lists all"] : [])
    }
}
