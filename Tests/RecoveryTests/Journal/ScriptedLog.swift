import DataSources
import FoundationEssentials
import Glibc
import ObjectStore
import Synchronization

/// A server that writes a log of lines into files of a folder: each file begins with `= <position>`, each transaction is a line
/// with its number, which is the position behind it. What follows it copies as an engine's tool does.
final class ScriptedServer: Sendable {
    struct State {
        var server = "7"
        var file = 1
        var position = 0
        var isUp = true
        /// How often a tool was started.
        var followCount = 0
    }

    let folder: String
    let state = Mutex(State())
    private let lane = BlockingLane(name: "scripted", threadCount: 2)

    init(_ folder: String) throws {
        self.folder = folder
        mkdir(folder, 0o755)
        try begin()
    }

    static func name(_ number: Int) -> String { "log." + String(String(number + 1_000_000).dropFirst()) }

    private func path(_ file: Int) -> String { "\(folder)/\(Self.name(file))" }

    private func add(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SourceError(.failed, "open: \(errno)", subject: path) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else { throw SourceError(.failed, "write", subject: path) }
    }

    private func begin() throws {
        let (file, position) = state.withLock { ($0.file, $0.position) }
        try add("= \(position)\n", to: path(file))
    }

    /// Commits transactions; each line is `<number> <padding>`.
    func commit(_ count: Int, padding: Int = 10) throws {
        let (file, first) = state.withLock { state in
            state.position += count
            return (state.file, state.position - count + 1)
        }
        let lines = (first..<first + count).map { "\($0) " + String(repeating: "x", count: padding) + "\n" }
        try add(lines.joined(), to: path(file))
    }

    /// Begins another file.
    func rotate() throws {
        state.withLock { $0.file += 1 }
        try begin()
    }

    /// Removes all files but the current.
    func purge() {
        let current = state.withLock { $0.file }
        for number in 1..<current { unlink(path(number)) }
    }

    /// Begins anew, as `RESET MASTER` or another data folder does.
    func reset(server: String? = nil) throws {
        for name in files.keys { unlink("\(folder)/\(name)") }
        state.withLock { state in
            state.server = server ?? state.server
            (state.file, state.position) = (1, 1000)
        }
        try begin()
    }

    /// What the files hold.
    var files: [String: [UInt8]] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, (try? Data(contentsOf: URL(filePath: "\(folder)/\(name)"))).map { Array($0) } ?? [])
            })
    }

    var source: ScriptedLog { ScriptedLog(server: self) }

    fileprivate func copy(from first: String, into target: String) async throws {
        state.withLock { $0.followCount += 1 }
        var name = first
        var offset = 0
        while true {
            try Task.checkCancellation()
            guard state.withLock({ $0.isUp }) else {
                throw SourceError(.toolFailed, "lost connection", subject: "tool")
            }
            let (from, to, at) = ("\(folder)/\(name)", "\(target)/\(name)", offset)
            let next = try await lane.run { try Self.copyMore(from, to, at) }
            let names = files.keys.sorted()
            if next == offset, let later = names.first(where: { $0 > name }) {
                // Anything behind what was seen came before the next file.
                offset = try await lane.run { try Self.copyMore(from, to, at) }
                if offset == next { (name, offset) = (later, 0) }
                continue
            }
            if next == offset { try await Task.sleep(for: .milliseconds(2)) }
            offset = next
        }
    }

    private static func copyMore(_ from: String, _ to: String, _ offset: Int) throws -> Int {
        guard let bytes = try? Data(contentsOf: URL(filePath: from)) else { return offset }
        let file = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SourceError(.failed, "open: \(errno)", subject: to) }
        defer { close(file) }
        let more = Array(bytes.dropFirst(offset))
        guard write(file, more, more.count) == more.count else { throw SourceError(.failed, "write", subject: to) }
        return offset + more.count
    }
}

/// The log of a scripted server as a source.
struct ScriptedLog: LogSource {
    let server: ScriptedServer
    var name: String { "db" }
    var kind: SourceKind { .mariadb }

    func examine() async -> [Finding] { [] }

    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        throw SourceError(.failed, "is only followed", subject: name)
    }

    func logState() async throws -> LogState {
        let (id, file, position, isUp) = server.state.withLock { ($0.server, $0.file, $0.position, $0.isUp) }
        guard isUp else { throw SourceError(.serverUnreachable, "is down", subject: name) }
        let files = server.files
        let current = ScriptedServer.name(file)
        return LogState(
            server: id, oldestFile: files.keys.min(), currentFile: current,
            currentOffset: UInt64(files[current]?.count ?? 0), position: "\(position)")
    }

    func follow(first: String?, into folder: String) async throws {
        let file = if let first { first } else { try await logState().currentFile }
        guard server.files[file] != nil else {
            throw SourceError(.suspectContent, "\(file) is not there any more", subject: name)
        }
        try await server.copy(from: file, into: folder)
    }

    func logFiles(in folder: String) throws -> [LogFile] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("log.") }.sorted()
        return names.map { LogFile(name: $0, path: "\(folder)/\($0)", isComplete: $0 != names.last) }
    }

    func logReader(file: String, position: String) -> any LogReader { ScriptedReader(position: position) }
}

/// Counts lines. Only whole lines are log.
struct ScriptedReader: LogReader {
    private var offset: UInt64 = 0
    private var position: String

    init(position: String) { self.position = position }

    mutating func read(_ bytes: ArraySlice<UInt8>) throws -> LogProgress {
        var times = [Int64]()
        guard let end = bytes.lastIndex(of: 0x0A) else { return LogProgress(validOffset: offset, position: position) }
        for line in String(decoding: bytes[...end], as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let number = Int(words[words[0] == "=" ? 1 : 0]) else {
                throw SourceError(.malformedStream, "no line of a log: \(line)", subject: "log")
            }
            position = "\(number)"
            if words[0] != "=" { times.append(Int64(number)) }
        }
        offset += UInt64(end + 1 - bytes.startIndex)
        return LogProgress(
            validOffset: offset, position: position, firstTime: times.first, lastTime: times.last)
    }
}
