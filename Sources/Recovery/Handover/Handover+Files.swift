extension Handover {
    /// Refuses trees beside a copy from which somebody was, or may have been, erased: their files would come back with the tree,
    /// and who they were is known no more once their rows are gone.
    ///
    /// - Throws: `notHandedOver`.
    public static func refuseFiles(
        of trees: [ProtectedSource], beside copy: ScratchCopy, in context: RecoveryContext
    ) throws {
        guard let handover = copy.handover, handover.dueCount > 0 else { return }
        let rules = context.handover.erasures.filter { $0.source == copy.source.name && !$0.filePatterns.isEmpty }
        guard let tree = trees.first(where: { tree in rules.contains { $0.filesSource == tree.name } }) else { return }
        throw RecoveryError(
            .notHandedOver,
            "\(handover.dueCount) people or things were erased since then, and their files would come back with \(tree.name)",
            subject: copy.source.name,
            hint: "leave \(tree.name) out, or restore it with --to and erase their files there by hand")
    }

    /// The same before anything is restored: refuses when somebody is to be erased from `source` as it was at a moment.
    ///
    /// - Throws: `notHandedOver`, `erasuresIncomplete`.
    static func refuseFiles(
        of trees: [ProtectedSource], beside source: ProtectedSource, restored: RestoredMoment,
        in context: RecoveryContext
    ) async throws {
        let rules = context.handover.erasures.filter { rule in
            rule.source == source.name && !rule.filePatterns.isEmpty
                && trees.contains { $0.name == rule.filesSource }
        }
        guard !rules.isEmpty else { return }
        let entries = try await ErasureLedger(context.repository).proven().entries
        let due = DueErasures.due(entries, kinds: Set(rules.map(\.kind)), restored: restored)
        guard let rule = rules.first(where: { rule in due.contains { $0.kind == rule.kind } }) else { return }
        let tree = rule.filesSource ?? ""
        throw RecoveryError(
            .notHandedOver,
            "\(due.count) people or things were erased since then, and their files would come back with \(tree)",
            subject: source.name,
            hint: "leave \(tree) out, or restore it with --to and erase their files there by hand")
    }
}
