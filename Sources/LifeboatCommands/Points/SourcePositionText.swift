import DataSources

/// Positions as people read them.
enum SourcePositionText {
    typealias Position = SourcePosition

    /// `GTID 0-1-4711, binlog.000007:4711`, `LSN 0/3000028 to 0/3000138, timeline 1`, `replication 4f…:1234`.
    static func line(_ position: Position) -> String {
        var parts = [String]()
        if let gtid = position.gtid { parts.append("GTID \(gtid.isEmpty ? "(none yet)" : gtid)") }
        if let file = position.binlogFile { parts.append("\(file):\(position.binlogOffset ?? 0)") }
        if let start = position.startLSN {
            parts.append("LSN \(start)" + (position.endLSN.map { $0 == start ? "" : " to \($0)" } ?? ""))
        }
        if let timeline = position.timeline { parts.append("timeline \(timeline)") }
        if let id = position.replicationID {
            parts.append("replication \(id.prefix(8)):\(position.replicationOffset ?? 0)")
        }
        return parts.joined(separator: ", ")
    }
}
