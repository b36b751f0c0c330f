import DataSources
import Glibc
import TestSupport
import Testing

/// A source's log, followed into a folder as the journal would.
final class LogFollower: Sendable {
    let source: MariaDBSource
    let folder: String
    private let work: Task<Void, any Error>

    init(_ source: MariaDBSource, first: String?, into folder: String) {
        self.source = source
        self.folder = folder
        work = Task { try await source.follow(first: first, into: folder) }
    }

    deinit { work.cancel() }

    /// Waits until everything is here that the server had when this was called, and gives where it stood.
    func caughtUp() async throws -> LogState {
        let state = try await source.logState()
        while bytes(of: state.currentFile).count < state.currentOffset {
            try await Task.sleep(for: .milliseconds(20))
        }
        return state
    }

    /// Ends it, and gives the error that it ended with.
    func end() async -> (any Error)? {
        work.cancel()
        return await failure()
    }

    /// Waits until it ends by itself.
    func failure() async -> (any Error)? {
        do { try await work.value } catch { return error }
        return nil
    }

    /// What is there of a file.
    func bytes(of file: String) -> [UInt8] { wholeFile("\(folder)/\(file)") }
}

/// All bytes of a file; none when it is not there.
func wholeFile(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var bytes = [UInt8]()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}
