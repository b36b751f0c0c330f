import FoundationEssentials

/// How far a restore in place has come; kept in a file, so that a kill at any step resumes or backs out.
struct InPlaceJournal: Sendable, Codable {
    /// The last step that was *finished*.
    enum Step: String, Sendable, Codable {
        /// The copy is being made beside the live one; nothing live was touched.
        case building
        /// The copy is there and was questioned.
        case verified
        /// The live service was told to stop.
        case stopped
        /// The copy is in the place of the live one, which lies aside.
        case exchanged
        /// The service was started on it. What was live before still lies aside.
        case finished
        /// The way back has begun: the service was told to stop.
        case undoing
    }

    /// Eight digits in the names of what is set aside.
    let id: String
    /// The point that is restored.
    var point: String
    /// The source.
    let source: String
    /// What was asked for, when it was a moment between points.
    var asked: String?
    /// The history that it begins.
    var rewind: Rewind.State?
    /// What was erased and begun anew in the copy before it was put in its place.
    var handover: Handover.Record?
    /// What was erased from a file tree before.
    var erasedFiles: [ErasedFiles]?
    /// The restore of several sources that it is a part of.
    var service: String?
    /// When it began, RFC 3339.
    let started: String
    /// How far it has come.
    var step = Step.building
    /// What is exchanged, in this order.
    var exchanges: [Exchange]
    /// Set when an undo begins: whether all exchanges had been made by then.
    var wasExchanged: Bool?
    /// When the service was running again, RFC 3339; what was accepted since is what an undo loses.
    var reopened: String?

    private static func path(_ folder: String, _ source: String) -> String { "\(folder)/in-place-\(source).json" }

    /// Reads the journal of a source; nil when no restore of it is pending.
    static func read(_ folder: String, source: String) throws -> InPlaceJournal? {
        let path = path(folder, source)
        guard Exchange.exists(path) else { return nil }
        do {
            return try JSONDecoder().decode(InPlaceJournal.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw RecoveryError(
                .restorePending, "the journal of a restore in place cannot be understood", subject: path,
                hint:
                    "look at the live path for names with `.lifeboat-`; remove the journal when you know what is what",
                cause: error)
        }
    }

    /// Writes it so that it is there after a crash.
    func write(_ folder: String) throws {
        try JournalFile.write(self, to: InPlaceJournal.path(folder, source), in: folder)
    }

    /// Forgets it.
    func remove(_ folder: String) throws {
        try JournalFile.remove(InPlaceJournal.path(folder, source), in: folder)
    }
}
