import DataSources
import FoundationEssentials
import Glibc
import Journal
import Repository
import Sealing
import Trees

@testable import Recovery

/// The log of a pretended database, beside its folder: files `binlog.000001` and so on, a line an event, `<sequence> <time>
/// <row>`; an event adds a row.
struct PretendLog {
    struct Event {
        let sequence: UInt64
        let time: Int64
        let row: String
        let end: UInt64
    }

    let folder: String

    init(_ live: String) { folder = live + ".log" }

    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("binlog.") }
            .sorted()
    }

    /// Where the database stands; nil when it has no log.
    var position: SourcePosition? {
        guard let last = names.last else { return nil }
        var position = SourcePosition()
        let events = names.flatMap { PretendLog.events(folder + "/" + $0) }
        position.gtid = events.last.map { "0-1-\($0.sequence)" } ?? ""
        position.binlogFile = last
        position.binlogOffset = UInt64(bytes(last).count)
        return position
    }

    func bytes(_ name: String) -> [UInt8] {
        Array((try? Data(contentsOf: URL(filePath: folder + "/" + name))) ?? Data())
    }

    static func events(_ path: String, limit: UInt64? = nil) -> [Event] {
        let all = Array((try? Data(contentsOf: URL(filePath: path))) ?? Data())
        var (events, offset) = ([Event](), UInt64(0))
        for line in all.prefix(Int(min(limit ?? .max, 1 << 40))).split(separator: 10, omittingEmptySubsequences: false)
            .dropLast()
        {
            offset += UInt64(line.count) + 1
            let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
            guard words.count == 3, let sequence = UInt64(words[0]), let time = Int64(words[1]) else { continue }
            events.append(Event(sequence: sequence, time: time, row: String(words[2]), end: offset))
        }
        return events
    }
}

extension PretendRestorer: LogReplayer {
    private func events(_ log: ReplayLog) -> [(file: ReplayLog.File, event: PretendLog.Event)] {
        let start = sequence(log.start.gtid ?? "")
        return log.files.flatMap { file in
            PretendLog.events(file.path, limit: file.endOffset).filter { $0.sequence > start }.map { (file, $0) }
        }
    }

    private func sequence(_ position: String) -> UInt64 { UInt64(position.split(separator: "-").last ?? "") ?? 0 }

    func locate(_ target: LogTarget, in log: ReplayLog) async throws -> LogStop {
        let events = events(log)
        let count: Int
        switch target {
        case .end: count = events.count
        case .time(let time): count = events.firstIndex { Double($0.event.time) > time } ?? events.count
        case .through(let position), .before(let position):
            guard let index = events.firstIndex(where: { $0.event.sequence == sequence(position) }) else {
                throw SourceError(.checkFailed, "\(position) is not in the log", subject: "pretend")
            }
            if case .through = target { count = index + 1 } else { count = index }
        }
        let last = count > 0 ? events[count - 1] : nil
        return LogStop(
            file: last?.file.name ?? log.files[0].name, timeline: last?.file.timeline ?? log.files[0].timeline,
            offset: last?.event.end ?? 0, position: last.map { "0-1-\($0.event.sequence)" } ?? log.start.gtid ?? "",
            lastTime: last.map { Double($0.event.time) },
            next: count < events.count ? "0-1-\(events[count].event.sequence)" : nil)
    }

    func replay(_ log: ReplayLog, to stop: LogStop, data: String, run: String) async throws -> ReplayReport {
        let events = events(log).filter { $0.event.sequence <= sequence(stop.position) }
        let rows = Rows.read(data + "/rows") + events.map(\.event.row)
        try Data(rows.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: data + "/rows"))
        return ReplayReport(transactionCount: UInt64(events.count), byteCount: 0, position: stop.position)
    }

    func beginHistory(
        data: String, run: String, highest: [String], serverNames: [String]
    ) async throws -> NewHistory {
        let next = (highest.map(sequence).max() ?? 0) + 1000
        let server = "\((serverNames.compactMap { Int($0) }.max() ?? 0) + 1)"
        try Data("server \(server) next \(next)\n".utf8).write(to: URL(filePath: data + "/history"))
        return NewHistory(server: server, optionLines: ["server_id = \(server)"], position: "0-\(server)-\(next)")
    }
}

extension RecoveryStage {
    /// Writes an event on the live database, and its line in the log.
    func write(_ sequence: UInt64, _ row: String, at time: Int64, file: Int = 1) throws {
        try setRows(rows + [row])
        let log = PretendLog(path + "/db")
        mkdir(log.folder, 0o755)
        let name = "binlog.00000\(file)"
        let bytes = log.bytes(name) + Array("\(sequence) \(time) \(row)\n".utf8)
        try Data(bytes).write(to: URL(filePath: log.folder + "/" + name))
    }

    func journal(_ timeline: UInt32) -> JournalWriter {
        JournalWriter(
            store: context.repository.store, repositoryID: context.repository.config.id, key: context.repository.key,
            source: "db", timeline: timeline)
    }

    var timelines: TimelineStore {
        TimelineStore(
            store: context.repository.store, repositoryID: context.repository.config.id, key: context.repository.key,
            source: "db")
    }

    /// Ships what the log has and the journal has not, in pieces of so many bytes. `from` is the position before all.
    func ship(_ timeline: UInt32 = 1, pieces: Int = 40, from: String = "", endsAll: Bool = false) async throws {
        let (log, writer) = (PretendLog(path + "/db"), journal(timeline))
        let known = try await writer.resume().last
        var position = known?.to ?? from
        for name in log.names where name >= known?.file ?? "" {
            let bytes = log.bytes(name)
            let events = PretendLog.events(log.folder + "/" + name)
            var offset = name == known?.file ? Int(known?.end.offset ?? 0) : 0
            while offset < bytes.count {
                let end = min(bytes.count, offset + pieces)
                let inside = events.filter { $0.end > UInt64(offset) && $0.end <= UInt64(end) }
                let next = inside.last.map { "0-1-\($0.sequence)" } ?? position
                let isLast = end == bytes.count && (endsAll || name != log.names.last)
                _ = try await writer.append(
                    SegmentHeader(
                        file: name, offset: UInt64(offset), byteCount: UInt64(end - offset), endsFile: isLast,
                        prefixDigest: SHA256.digest(bytes[..<end]).hex, from: position, to: next,
                        firstTime: inside.first?.time, lastTime: inside.last?.time, written: now().rfc3339),
                    Array(bytes[offset..<end]))
                (position, offset) = (next, end)
            }
        }
    }
}

extension PretendSource: LogSource {
    func logState() async throws -> LogState {
        let history = Rows.read(live + "/history").first?.split(separator: " ")
        guard let position = PretendLog(live).position else {
            throw SourceError(.serverUnreachable, "the pretended server is down", subject: name)
        }
        return LogState(
            server: history.map { String($0[1]) } ?? "1", oldestFile: nil, currentFile: position.binlogFile ?? "",
            currentOffset: position.binlogOffset ?? 0, position: position.gtid ?? "")
    }

    func follow(first: String?, into folder: String) async throws {
        throw SourceError(.failed, "pretended logs are not followed", subject: name)
    }

    func logFiles(in folder: String) throws -> [LogFile] { [] }

    func logReader(file: String, position: String) -> any LogReader { NoReader() }

    private struct NoReader: LogReader {
        mutating func read(_ bytes: ArraySlice<UInt8>) throws -> LogProgress {
            LogProgress(validOffset: 0, position: "")
        }
    }
}
