import Recovery

extension Handover.Record {
    /// What was done before a copy was handed over, for a person; empty when nothing was to be.
    var lines: [String] {
        var lines = [String]()
        if dueCount > 0 {
            lines.append("\(Units.count(dueCount, "erasure")) since then: \(erasedCount) found and erased again")
        }
        if erasedFileCount > 0 { lines.append("\(Units.count(erasedFileCount, "file")) of theirs removed") }
        if let mask {
            lines.append(
                "masked with \(mask): \(Units.count(maskedColumnCount, "column")), \(Units.count(lookedForCount, "value")) looked for afterwards and not found"
            )
        }
        if let unmaskedReason { lines.append("not masked: \(unmaskedReason)") }
        if epochCount > 0 { lines.append("\(Units.count(epochCount, "epoch")) begun") }
        return lines
    }
}
