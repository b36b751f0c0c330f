import Synchronization

/// Keeps the lines that a tool reports, at most a thousand, for a caller that has to look at them.
final class SaidLines: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { if $0.count < 1000 { $0.append(line) } } }

    var all: [String] { lines.withLock { $0 } }
    var text: String { all.joined(separator: "\n") }
}
