public import Sealing

/// A procedure in Markdown, read: the same file for a person, for paper, and for a drill.
public struct Runbook: Sendable, Hashable {
    /// What stands at the head of the file.
    public struct Head: Sendable, Hashable {
        /// What it is called.
        public var title: String
        /// The scenario that it is for: a letter or word, as in `scenarios/`.
        public var scenario: String
        /// Who keeps it true.
        public var owner: String
        /// The day until which somebody must have read it again, `2027-02-01`.
        public var reviewBy: String
        /// Longest time to a degraded service; nil when there is no such state.
        public var degraded: Duration?
        /// Longest time to the whole service.
        public var full: Duration
        /// Variables that environment or plan must give.
        public var variables: [String]
    }

    /// The sections that each runbook has, in this order.
    public enum SectionKind: String, Sendable, Hashable, CaseIterable, Codable {
        case detection = "Detection"
        case escalation = "Escalation"
        case recovery = "Recovery"
        case verification = "Verification"
        case communication = "Communication"
        case failback = "Failback"
    }

    /// A section.
    public struct Section: Sendable, Hashable {
        /// Which; nil for what stands before the first, and for others.
        public var kind: SectionKind?
        /// Its heading.
        public var title: String
        /// What is in it.
        public var items: [Item]
    }

    /// Something in a section.
    public enum Item: Sendable, Hashable {
        /// Text for people: as HTML, as it was written, and the line that it begins in.
        case text(html: String, source: String, line: Int)
        /// Something to do.
        case step(RunbookStep)
        /// Something to decide.
        case decision(RunbookDecision)
    }

    /// Where it was read from.
    public var file: String
    /// SHA-256 of the file: what a second person approves.
    public var digest: Digest
    /// What stands at its head.
    public var head: Head
    /// Its sections.
    public var sections: [Section]

    /// All steps and decisions, in the order of the text.
    public var actions: [RunbookAction] {
        sections.flatMap(\.items).compactMap { item in
            switch item {
            case .text: nil
            case .step(let step): .step(step)
            case .decision(let decision): .decision(decision)
            }
        }
    }

    /// All shell text: of steps, their verifications, and proposals.
    public var scripts: [RunbookScript] {
        actions.flatMap { action -> [RunbookScript] in
            switch action {
            case .step(let step): [step.script] + (step.verification.map { [$0] } ?? [])
            case .decision(let decision): decision.proposal.map { [$0] } ?? []
            }
        }
    }

    /// The actions of one section.
    public func actions(in kind: SectionKind) -> [RunbookAction] {
        var part = self
        part.sections = sections.filter { $0.kind == kind }
        return part.actions
    }
}
