import DataSources
import Journal
import ObjectStore
import Trees

extension JournalUploader {
    /// Archives what a spool folder still has of a timeline that was undone since, where it belongs, and removes the folder;
    /// false for other folders. What cannot be archived stays there.
    func archiveUndone(_ folder: SpoolFolder) async -> Bool {
        guard let record = undone.last(where: { $0.server == folder.note.server }) else { return false }
        do {
            let writer = JournalWriter(journal, timeline: record.timeline)
            let tail = try await writer.mend()
            guard !tail.isLost else { return true }
            let log = context.factory.dataSource(source, context.environment, nil) as? any LogSource
            guard let log else { return true }
            let scan = FolderScan(
                folder, source: log, from: tail.last.map { LogCursor($0) }, settings: settings, now: context.now)
            let steps = try await lane.run { () throws -> [JournalStep] in
                var steps = [JournalStep]()
                try scan.scan(isLive: false, steps: &steps)
                return steps
            }
            for case .piece(let piece) in steps {
                var header = piece.header
                header.written = context.now().rfc3339
                let bytes = try await lane.run { [header] in
                    try piece.file.read(at: header.offset, count: Int(header.byteCount))
                }
                _ = try await writer.append(header, bytes)
            }
            try await lane.run { try folder.remove() }
        } catch {
            board.report(
                "\(folder.path) has log of timeline \(record.timeline), which was undone, and stays: "
                    + PointPart.Failure(error).message)
        }
        return true
    }
}
