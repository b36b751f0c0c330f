/// What the erasure ledger says, against what the live databases have.
public struct ErasureReview: Sendable, Codable {
    /// One kind of subject.
    public struct Kind: Sendable, Codable {
        /// Its name.
        public var kind: String
        /// Erasures that are added and not confirmed.
        public var openCount: Int
        /// Subjects with a confirmed erasure.
        public var confirmedCount: Int
        /// Of these, in the live database: still, or again; nil when it could not be asked.
        public var foundCount: Int?
        /// Why not.
        public var problem: String?

        enum CodingKeys: String, CodingKey {
            case kind, problem
            case openCount = "open_count"
            case confirmedCount = "confirmed_count"
            case foundCount = "found_count"
        }
    }

    /// Entries, and the digest of the last.
    public var head: ErasureHead
    /// Points whose heads are part of it.
    public var pointCount: Int
    /// By name.
    public var kinds: [Kind]

    enum CodingKeys: String, CodingKey {
        case head, kinds
        case pointCount = "point_count"
    }

    /// Is everybody gone who was confirmed to be, as far as could be asked?
    public var isClean: Bool { kinds.allSatisfy { ($0.foundCount ?? 0) == 0 } }
    /// Could everything be asked?
    public var isComplete: Bool { kinds.allSatisfy { $0.problem == nil } }
}

extension ErasureRegister {
    /// Proves the ledger, and asks the live databases for those who were erased from them. Writes nothing.
    ///
    /// - Throws: `erasuresIncomplete`; what the store says.
    public func review() async throws -> ErasureReview {
        let content = try await ErasureLedger(context.repository).proven()
        let points = try await PointStore(context.repository).list().entries
        var review = ErasureReview(
            head: content.head, pointCount: points.count { ($0.point.erasures?.count ?? 0) > 0 }, kinds: [])
        let erasures = content.erasures
        for kind in Set(erasures.map(\.added.kind)).sorted() {
            review.kinds.append(try await reviewed(kind, erasures.filter { $0.added.kind == kind }))
        }
        return review
    }

    private func reviewed(_ kind: String, _ erasures: [Erasure]) async throws -> ErasureReview.Kind {
        // Who asked once more is on the way, and may be there.
        let open = Set(erasures.filter { $0.confirmed == nil }.map(\.added.subject))
        let confirmed = Set(erasures.filter { $0.confirmed != nil }.map(\.added.subject)).subtracting(open)
        var result = ErasureReview.Kind(kind: kind, openCount: open.count, confirmedCount: confirmed.count)
        guard !confirmed.isEmpty else {
            result.foundCount = 0
            return result
        }
        guard let rule = rules.first(where: { $0.kind == kind }) else {
            result.problem = "nothing says how a `\(kind)` is found"
            return result
        }
        switch try await LiveSubjects(rule, in: self).presence(of: confirmed) {
        case .found(let count): result.foundCount = count
        case .unknown(let reason): result.problem = reason
        }
        return result
    }
}
