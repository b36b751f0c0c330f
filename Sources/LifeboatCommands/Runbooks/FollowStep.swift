import Drills
import Glibc
import ObjectStore
import Synchronization

/// Shell text of a runbook, carried out on this machine for a person who watches.
///
/// Its output goes to a file, which is shown as it grows.
struct FollowStep: Sendable {
    /// How it ended.
    struct Ending: Sendable {
        /// What went wrong; nil when it exited with 0.
        var failure: String?
        /// The last line that it wrote to its standard output; nil when there is none.
        var lastLine: String?
    }

    private static let lane = BlockingLane(name: "step", threadCount: 1)

    let text: String
    /// Its whole environment.
    let variables: [String: String]
    let timeout: Duration?
    /// Standard output goes here; standard error too, after `.err`.
    let file: String

    /// Runs it to its end; ends it with its group when it takes too long or the task is cancelled.
    func run(show: @escaping @Sendable (String) -> Void) async throws -> Ending {
        for path in [file, file + ".err"] { try make(path) }
        let isOver = Flag()
        let file = file
        async let last = Self.lane.run { Self.lastLine(of: file, until: isOver, show) }
        let ending = await ScriptProgram(text: text, variables: variables, file: file).run(timeout: timeout)
        isOver.value.store(true, ordering: .releasing)
        let lastLine = await last
        let failure = ending.cut == .timeout ? "took longer than its time" : ending.manner
        return Ending(failure: failure, lastLine: failure == nil ? lastLine : nil)
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }

    /// Shows both files as they grow.
    private static func lastLine(of file: String, until isOver: Flag, _ show: (String) -> Void) -> String? {
        var streams = [GrowingFile(file), GrowingFile(file + ".err")]
        while !isOver.value.load(ordering: .acquiring) {
            for index in streams.indices { streams[index].showNew(show) }
            usleep(50_000)
        }
        for index in streams.indices { streams[index].showRest(show) }
        return streams[0].lastLine
    }

    /// What steps say may be secret.
    private func make(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError.system(errno, "the step cannot be started", subject: path, hint: "is the disk full?")
        }
        close(descriptor)
    }
}

/// A file that another process writes, read line by line as it grows.
private struct GrowingFile {
    private let descriptor: Int32
    private var pending = [UInt8]()
    private(set) var lastLine: String?

    init(_ path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC) }

    mutating func showNew(_ show: (String) -> Void) {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while descriptor >= 0 {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { return }
            pending += piece[..<count]
            while let end = pending.firstIndex(of: 0x0A) {
                take(pending[..<end], show)
                pending.removeFirst(end + 1)
            }
        }
    }

    mutating func showRest(_ show: (String) -> Void) {
        showNew(show)
        if !pending.isEmpty { take(pending[...], show) }
        close(descriptor)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, _ show: (String) -> Void) {
        let line = String(decoding: bytes, as: UTF8.self)
        if !line.allSatisfy(\.isWhitespace) { lastLine = line }
        show(line)
    }
}
