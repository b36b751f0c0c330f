import DataSources
import Journal
import Trees

/// Follows the files of one spool folder from where the journal stands, and cuts them into pieces. Used by one thread at a time.
// Sendable: handed from call to call of the one lane thread that scans.
final class FolderScan: @unchecked Sendable {
    let folder: SpoolFolder
    private let source: any LogSource
    private let settings: JournalSettings
    private let now: @Sendable () -> Timestamp
    /// How far everything before was taken; what this folder has must go on there. Nil: from its first file on.
    private var before: LogCursor?
    /// The file that is being read; nil before the first, and between two.
    private var current: LogCutter?
    /// The last file that was read to its end.
    private var ended: LogCursor?
    /// The place to go on from was found.
    private var hasBegun = false
    /// The timeline that begins with this folder, until it was told.
    private var unsaid: TimelineStart?

    init(
        _ folder: SpoolFolder, source: any LogSource, from cursor: LogCursor?, settings: JournalSettings,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.folder = folder
        self.source = source
        self.settings = settings
        self.now = now
        unsaid = folder.note.begins
        before = folder.note.begins == nil ? cursor : nil
    }

    /// How far pieces were cut; what the journal had before when there are none yet.
    var cursor: LogCursor? {
        if let current, hasBegun { return current.cursor }
        return ended ?? before
    }

    /// Looks at what has come. `isLive`: the tool is running; without it all that is there is cut, as nothing will follow.
    ///
    /// - Throws: `malformedStream` when a file is no log; what came before is in `steps`.
    func scan(isLive: Bool, steps: inout [JournalStep]) throws {
        if let start = unsaid {
            unsaid = nil
            steps.append(.begin(start, folder))
        }
        while true {
            let files = try source.logFiles(in: folder.path)
            if current == nil, try !open(files, isLive: isLive, &steps) { return }
            guard let log = current else { return }
            let file = files.first { $0.name == log.name }
            let isComplete = file?.isComplete ?? false
            if let file { log.path = file.path }
            try log.read(isComplete: isComplete, into: &steps)
            guard isComplete else { break }
            var cursor = log.cursor
            cursor.endsFile = true
            ended = cursor
            current = nil
        }
        guard let log = current else { return }
        if !isLive || isDue(log) { try log.cut(endsFile: false, into: &steps) }
    }

    private func isDue(_ log: LogCutter) -> Bool {
        guard let seen = log.seen else { return false }
        let (then, now) = (seen, now())
        return .seconds(now.seconds - then.seconds) + .nanoseconds(Int64(now.nanoseconds) - Int64(then.nanoseconds))
            >= settings.flush
    }

    // MARK: Which file

    /// Opens the next file; false when there is none yet.
    private func open(_ files: [LogFile], isLive: Bool, _ steps: inout [JournalStep]) throws -> Bool {
        if let ended, hasBegun {
            guard let next = LogOrder.next(after: ended.place.file, in: files) else { return false }
            current = try cutter(next, position: ended.position)
            return current != nil
        }
        guard let before else {
            guard let first = files.first else { return false }
            current = try cutter(first, position: "")
            hasBegun = current != nil
            return hasBegun
        }
        return try join(before, files, isLive: isLive, &steps)
    }

    /// Finds the place where the journal stands.
    private func join(
        _ cursor: LogCursor, _ files: [LogFile], isLive: Bool, _ steps: inout [JournalStep]
    ) throws -> Bool {
        guard let file = files.first(where: { $0.name == cursor.place.file }) else {
            guard let first = files.first, first.name > cursor.place.file else { return false }
            current = try cutter(first, position: "")
            hasBegun = current != nil
            if hasBegun {
                steps.append(.gap("the log between \(cursor.place.file) and \(first.name) is missing"))
            }
            return hasBegun
        }
        guard let log = try cutter(file, position: "") else { return false }
        switch try log.join(cursor, isComplete: file.isComplete) {
        case .tooShort:
            // The tool may still be fetching it. A folder that a tool left so has nothing new.
            guard isLive, file.isComplete else { return false }
            return try differ(files, &steps)
        case .different: return try differ(files, &steps)
        case .same:
            hasBegun = true
            if cursor.endsFile {
                ended = cursor
                return try open(files, isLive: isLive, &steps)
            }
            current = log
            return true
        }
    }

    /// The server's file is not the one that the journal has: another history.
    private func differ(_ files: [LogFile], _ steps: inout [JournalStep]) throws -> Bool {
        steps.append(.begin(TimelineStart(reason: .serverDifferent, server: folder.note.server), folder))
        before = nil
        (hasBegun, ended) = (false, nil)
        return try open(files, isLive: true, &steps)
    }

    private func cutter(_ file: LogFile, position: String) throws -> LogCutter? {
        try LogCutter(file, source: source, position: position, limit: settings.segmentByteCount, now: now)
    }
}

/// The order of log files.
enum LogOrder {
    /// The file behind `name`.
    static func next(after name: String, in files: [LogFile]) -> LogFile? {
        if let index = files.firstIndex(where: { $0.name == name }) { return files.dropFirst(index + 1).first }
        return files.first { $0.name > name }
    }
}
