/// A restore that was made in a drill, as the ledger of what was drilled has it.
public struct DrilledRestore: Sendable, Hashable, Codable {
    /// What was brought back.
    public var sources: [String]
    /// To where: `in-place`, `folder`, `HOST:PORT`.
    public var target: String
    /// The recovery point it came from; nil where several were used.
    public var point: String?
    /// Where a database stands now: a GTID or an LSN; nil where no log was replayed, and for files.
    public var position: String?
    /// When it began, RFC 3339.
    public var started: String

    /// A restore.
    public init(sources: [String], target: String, point: String?, position: String?, started: String) {
        self.sources = sources
        self.target = target
        self.point = point
        self.position = position
        self.started = started
    }
}

/// Knows what was restored.
public protocol RestoreWitness: Sendable {
    /// Restores that began within these moments, seconds since 1970, and were finished and not taken back; in their order. Copies that
    /// somebody only looked at are not among them. Nil when nobody can be asked.
    func restores(from: Double, to: Double) async throws -> [DrilledRestore]?
}

/// What several restores came to, as far as it can be said in one word each.
public struct RestoredState: Sendable, Hashable {
    /// The one point that all of it came from; nil when there is none, or more than one.
    public var point: String?
    /// The one position that databases stand at; nil when there is none, or more than one.
    public var position: String?

    /// A source that was brought back to the same place once more stands where the last restore left it.
    public init(_ restores: [DrilledRestore]) {
        let last = restores.enumerated().filter { number, one in
            !restores[(number + 1)...].contains { $0.target == one.target && Set($0.sources) == Set(one.sources) }
        }.map(\.element)
        let (points, positions) = (Set(last.map(\.point)), Set(last.compactMap(\.position)))
        point = points.count == 1 ? points.first ?? nil : nil
        position = positions.count == 1 ? positions.first : nil
    }
}
