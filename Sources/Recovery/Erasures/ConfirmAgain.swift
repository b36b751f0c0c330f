import DataSources
import Journal
import Trees

extension Handover {
    /// Erasures of a database that were confirmed in a history that a restored moment does not have, and that are to be repeated
    /// there; only those with a number up to `last` of the ledger.
    func confirmed(
        _ source: ProtectedSource, _ restored: RestoredMoment, upTo last: UInt64
    ) async throws -> [UInt64] {
        let content = try await ErasureLedger(context.repository).proven()
        let confirmed = Set(content.entries.filter { $0.number <= last }.compactMap(\.confirms))
        let kinds = Set(rules.erasures.filter { $0.source == source.name }.map(\.kind))
        return try await due(TreeDatabase(source: source.name, restored: restored), kinds: kinds, content)
            .flatMap(\.entries).filter(confirmed.contains)
    }

    /// Confirms them on the timeline that a rewind has begun with them: who registers there again is left alone by restores of it.
    func confirmAgain(_ state: Rewind.State) async throws {
        guard let numbers = state.erasedAgain, let position = state.erasedTo, !numbers.isEmpty else { return }
        let timeline = state.record.timeline
        let ledger = ErasureLedger(context.repository)
        let content = try await ledger.read()
        for erasure in content.erasures where numbers.contains(erasure.added.number) {
            let number = erasure.added.number
            // A run that was ended has written some of them.
            if content.entries.contains(where: { $0.confirms == number && $0.timeline == timeline }) { continue }
            let time = context.now().rfc3339
            let entry = try await ledger.append {
                ErasureEntry(
                    number: $0, moment: .confirm, kind: erasure.added.kind, subject: erasure.added.subject, time: time,
                    position: position, timeline: timeline, confirms: number)
            }
            try await context.recorder.record(
                "erasure",
                ErasureEvent(
                    number: entry.number, moment: entry.moment, kind: entry.kind, head: try await ledger.read().head))
        }
    }
}

/// What the event ledger keeps of an entry; nothing of it tells who it was.
struct ErasureEvent: Codable, Sendable {
    var number: UInt64
    var moment: ErasureEntry.Moment
    var kind: String
    var head: ErasureHead
}
