/// Joins parts to spans, and names what lies between two spans.
struct PartJoiner {
    private var spans: [Coverage.Span] = []
    private var gaps: [Coverage.Gap] = []
    private var parts: [Coverage.Part] = []
    private var flaws: [String] = []

    /// Something is wrong in front of what comes next.
    mutating func note(_ flaw: String) { flaws.append(flaw) }

    /// Takes the next part.
    mutating func add(_ part: Coverage.Part) {
        if let before = parts.last?.header ?? spans.last?.parts.last?.header {
            if let flaw = Self.flaw(from: before, to: part.header) { flaws.append(flaw) }
        } else if flaws.isEmpty, part.header.offset != 0 {
            flaws.append("\(part.header.file) begins at byte \(part.header.offset)")
        }
        if !flaws.isEmpty {
            endSpan()
            gap(before: part.header)
        }
        parts.append(part)
    }

    /// Spans and gaps, in the log's order.
    mutating func finish() -> ([Coverage.Span], [Coverage.Gap]) {
        endSpan()
        if !flaws.isEmpty { gap(before: nil) }
        return (spans, gaps)
    }

    private mutating func endSpan() {
        guard !parts.isEmpty else { return }
        spans.append(Coverage.Span(parts: parts))
        parts = []
    }

    private mutating func gap(before: SegmentHeader?) {
        let after = spans.last?.parts.last?.header
        gaps.append(
            Coverage.Gap(
                after: after?.end, afterPosition: after?.to,
                before: before.map { LogPlace(file: $0.file, offset: $0.offset) }, beforePosition: before?.from,
                reason: flaws.joined(separator: "; ")))
        flaws = []
    }

    /// Why the bytes of `next` do not follow those of `before`; nil when they do.
    private static func flaw(from before: SegmentHeader, to next: SegmentHeader) -> String? {
        if next.file == before.file {
            if before.endsFile { return "\(next.file) goes on after its end" }
            if next.offset != before.end.offset {
                return "\(next.file) goes on at byte \(next.offset) instead of \(before.end.offset)"
            }
        } else {
            if !before.endsFile { return "the end of \(before.file) behind byte \(before.end.offset) is missing" }
            if next.offset != 0 { return "\(next.file) begins at byte \(next.offset)" }
        }
        if next.from != before.to {
            return
                "\(next.file) begins at the position \(quoted(next.from)), \(before.file) ends at \(quoted(before.to))"
        }
        return nil
    }

    private static func quoted(_ position: String) -> String { position.isEmpty ? "unknown" : "\"\(position)\"" }
}
