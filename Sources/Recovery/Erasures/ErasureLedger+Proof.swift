extension ErasureLedger {
    /// All of it, proven against the heads that recovery points carry: nothing was cut off.
    ///
    /// - Throws: `erasuresIncomplete`.
    public func proven() async throws -> Content {
        let content = try await read()
        let points = try await PointStore(repository).list().entries
        try ErasureLedger.require(
            content,
            toContain: points.compactMap { entry in entry.point.erasures.map { ($0, "point \(entry.point.id)") } })
        return content
    }
}

extension ErasureLedger.Content {
    /// Erasures with their two moments, oldest first.
    public var erasures: [Erasure] {
        entries.filter { $0.moment == .add }.map { added in
            Erasure(added: added, confirmed: entries.last { $0.moment == .confirm && $0.confirms == added.number })
        }
    }
}

/// One erasure: somebody who asked for it, and the moment at which the live database was told to have done it.
public struct Erasure: Sendable, Hashable, Codable {
    /// Before the deletion.
    public var added: ErasureEntry
    /// After it, the last time; nil as long as nobody said so.
    public var confirmed: ErasureEntry?
}
