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

extension ErasedFiles {
    /// What was erased from a file tree; empty when nothing was to be.
    var lines: [String] {
        guard dueCount > 0 else { return [] }
        return [
            "\(source): \(Units.count(dueCount, "erasure")) since then: \(Units.count(fileCount, "file")) of theirs removed"
        ]
    }
}

extension ErasuresNotApplied {
    /// What a person must know of data that is as it was.
    var line: String {
        guard let dueCount else { return "\(source): ERASURES NOT APPLIED, and how many are due is not known" }
        return "\(source): erasures not applied; \(dueCount) are due"
    }
}
