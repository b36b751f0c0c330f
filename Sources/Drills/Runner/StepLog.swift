import FoundationEssentials
import Synchronization

/// What a script wrote, kept in a file of the drill.
final class StepLog: Sendable {
    /// So many lines of its standard error are kept.
    private static let limit = 10_000

    private let path: String
    private let lines = Mutex<[String]>([])

    init(_ path: String) { self.path = path }

    func add(_ line: String) {
        lines.withLock { if $0.count < Self.limit { $0.append(line) } }
    }

    /// Writes the file. Nothing depends on it: a log that cannot be written ends no drill.
    func finish(_ outcome: ScriptOutcome) {
        let end = outcome.failure.map { "failed: \($0)" } ?? "exited with \(outcome.exit ?? 0)"
        let text = (lines.withLock { $0 } + [outcome.output, end]).joined(separator: "\n") + "\n"
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        try? FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try? Data(text.utf8).write(to: URL(filePath: path))
    }
}
