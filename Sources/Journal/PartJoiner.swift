/// Joins parts to spans, and names what lies between two spans.
struct PartJoiner {
    private var spans: [Coverage.Span] = []
    private var gaps: [Coverage.Gap] = []
    private var parts: [Coverage.Part] = []
    private var flaws: [String] = []
    /// What was given up since the last part.
    private var givenUp: [GivenUp] = []

    private enum GivenUp {
        case part(Coverage.Part)
        case doubt(String)
    }

    /// Something is wrong in front of what comes next.
    mutating func note(_ flaw: String) { flaws.append(flaw) }

    /// A part that was given up: it counts when the next one does not follow without it.
    mutating func offer(_ part: Coverage.Part) { givenUp.append(.part(part)) }

    /// Something was given up here: it is a flaw when the next part does not follow as if nothing had been there.
    mutating func doubt(_ reason: String) { givenUp.append(.doubt(reason)) }

    /// Takes the next part.
    mutating func add(_ part: Coverage.Part) {
        if flaws.isEmpty, let before = last, Self.flaw(from: before, to: part.header) == nil {
            givenUp = []
        }
        takeGivenUp()
        take(part)
    }

    private var last: SegmentHeader? { parts.last?.header ?? spans.last?.parts.last?.header }

    private mutating func takeGivenUp() {
        for item in givenUp {
            switch item {
            case .part(let part): take(part)
            case .doubt(let reason): flaws.append(reason)
            }
        }
        givenUp = []
    }

    private mutating func take(_ part: Coverage.Part) {
        if let before = last {
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
        takeGivenUp()
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
