import Glibc
import Synchronization
import TestSupport
import Testing

@testable import DataSources

/// A flag that is raised once.
private final class Ended: Sendable {
    private let flag = Mutex(false)
    var value: Bool { flag.withLock { $0 } }
    func set() { flag.withLock { $0 = true } }
}

/// Follows a server's log and ships it, as the journal does: bytes that the reader calls valid, read once more, appended to files.
final class Follower: Sendable {
    let source: PostgreSQLSource
    /// Where shipped files are.
    let archive: String
    private let folder: String
    private let hasEnded = Ended()
    private let task: Task<Void, any Error>

    init(_ source: PostgreSQLSource, first: String?, folder: String, archive: String) throws {
        self.source = source
        self.folder = folder
        self.archive = archive
        try FileTree.makeFolder(folder)
        try FileTree.makeFolder(archive)
        task = Task { [hasEnded] in
            defer { hasEnded.set() }
            try await source.follow(first: first, into: folder)
        }
    }

    /// Ends it; gives why it had ended before.
    @discardableResult
    func stop() async -> (any Error)? {
        task.cancel()
        if case .failure(let error) = await task.result, !(error is CancellationError) { return error }
        return nil
    }

    /// Waits until it ends by itself.
    func end() async -> SourceError? {
        if case .failure(let error) = await task.result { return error as? SourceError }
        return nil
    }

    /// Waits until everything that the server has flushed is shipped.
    func catchUp() async throws {
        let state = try await source.logState()
        let goal = try #require(LSN(state.position))
        while true {
            if let place = LSN(try ship()), place >= goal, newestName >= state.currentFile { return }
            if hasEnded.value { try await task.value }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private var newestName: String { FileTree.namesIfAny(in: archive).last ?? "" }

    /// Ships what is there by now; gives the position.
    @discardableResult
    func ship() throws -> String {
        var position = ""
        for file in try source.logFiles(in: folder) {
            var reader = source.logReader(file: file.name, position: position)
            // Its `.partial` may be gone at any moment: then the next look finds it.
            guard let bytes = try? SmallFile.read(file.path, limit: 16 << 20) else { return "" }
            let progress = try reader.read(bytes[...])
            guard let again = try? SmallFile.read(file.path, limit: 16 << 20) else { return "" }
            let valid = again.prefix(Int(progress.validOffset))
            position = progress.position
            let place = "\(archive)/\(file.name)"
            if FileTree.exists(place) {
                let before = try SmallFile.read(place, limit: 16 << 20)
                guard valid.count >= before.count else { continue }
                try #require(
                    valid.prefix(before.count).elementsEqual(before), "\(file.name) is another one than before")
            }
            try SmallFile.write(place, Array(valid))
        }
        return position
    }

    /// What is shipped, for a replay.
    static func log(_ archives: [String], start: SourcePosition) -> ReplayLog {
        var files = [String: String]()
        for archive in archives {
            for name in FileTree.namesIfAny(in: archive) { files[name] = "\(archive)/\(name)" }
        }
        return ReplayLog(
            files: files.sorted { $0.key < $1.key }.map { .init(name: $0.key, path: $0.value) }, start: start)
    }
}
