import FoundationEssentials
import Glibc
import Synchronization

/// What a script wrote, kept in a file of the drill.
final class StepLog: Sendable {
    /// So many lines of its standard error are kept, the last ones.
    private static let limit = 10_000

    private let path: String
    private let lines = Mutex<[String]>([])

    init(_ path: String) { self.path = path }

    func add(_ line: String) {
        lines.withLock { lines in
            lines.append(line)
            // Many at once: each removal moves all that stay.
            if lines.count >= 2 * Self.limit { lines.removeFirst(lines.count - Self.limit) }
        }
    }

    /// Writes the file. Nothing depends on it: a log that cannot be written ends no drill.
    func finish(_ outcome: ScriptOutcome) {
        let end = outcome.failure.map { "failed: \($0)" } ?? "exited with \(outcome.exit ?? 0)"
        let text =
            (lines.withLock { Array($0.suffix(Self.limit)) } + [outcome.output, end]).joined(separator: "\n") + "\n"
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        try? FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        unlink(path)
        _ = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    }
}
