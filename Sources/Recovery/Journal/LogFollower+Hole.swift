import DataSources
import Journal
import ObjectStore

extension LogFollower {
    /// How often a server that does not answer is asked before what is spooled is stored with a hole before it.
    private static let attemptCount = 9

    /// The log in a spool folder begins behind what is archived, and the server still has what is between.
    func serverHasMore(than folder: SpoolFolder, _ cursor: LogCursor?, isLost: Bool) async -> Bool {
        guard folder.note.begins == nil, cursor != nil || isLost,
            let first = await spooledFiles(folder).first?.name, first > cursor?.place.file ?? "",
            await !spooledFiles(folder).contains(where: { $0.name == cursor?.place.file })
        else { return false }
        for attempt in 1...Self.attemptCount where !stop.isRaised {
            do {
                let server = try await source.logState()
                guard server.server == folder.note.server, let oldest = server.oldestFile else { return false }
                return cursor.map { oldest <= $0.place.file } ?? (oldest < first)
            } catch {
                board.failed(error, \.toolError, "the server cannot be asked for what is missing before the spool")
            }
            await stop.pause(pace.pause(after: attempt), clock)
        }
        return false
    }

    private func spooledFiles(_ folder: SpoolFolder) async -> [LogFile] {
        // What cannot be read is told when it is drained.
        await lane.run { [source] in (try? source.logFiles(in: folder.path)) ?? [] }
    }
}
