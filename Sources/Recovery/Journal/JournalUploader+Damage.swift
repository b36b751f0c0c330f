import Journal

extension JournalUploader {
    /// Where the chain ends.
    ///
    /// - Throws: `tailDamaged` when that cannot be read any more: then what was taken for stored is not.
    func intactTail(of writer: JournalWriter) async throws -> JournalTail {
        let tail = try await writer.resume()
        guard let damage = tail.damages.first else { return tail }
        throw JournalError(.tailDamaged, damage.reason, subject: source.name)
    }

    /// Tells what was given up, and from where on the log is stored again.
    func tell(of tail: JournalTail, _ live: TimelineRecord) async {
        let reason = tail.damages.reversed().map(\.reason).joined(separator: "; ")
        if let last = tail.last {
            board.alarm(
                "\(reason): what it had is stored again from \(last.file):\(last.end.offset) on, if this machine or the server still has it"
            )
        } else {
            let text = "\(reason): it was the only one, and nobody knows where it began"
            board.alarm("\(text); what the server still has is stored again, and a new base is needed")
            board.setBaseDue(text)
        }
        await board.record(
            JournalEvent(
                action: "damaged", source: source.name, timeline: live.timeline, server: live.server, reason: reason,
                isBaseDue: tail.last == nil))
    }
}
