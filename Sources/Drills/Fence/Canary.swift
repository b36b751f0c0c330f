import Glibc
import ObjectStore
import Synchronization

/// Listens where nobody of the environment may get to, and writes down who does all the same. Its own process, as the observer.
public struct Canary: Sendable {
    /// So much is written down; then it is known.
    static let largestCount = 1000
    /// What a host's own try says, with the host's name behind it.
    static let mark = "lifeboat fence "

    private let address: String
    private let ports: [UInt16]
    private let log: LineLog<CanaryRecord>
    private let clock: DrillClock

    /// - Parameters:
    ///   - folder: the drill's.
    ///   - address: IPv4, one of the network that this process is in.
    ///   - ports: each is listened at for connections and datagrams.
    ///   - clock: the clocks.
    public init(in folder: DrillFolder, address: String, ports: [UInt16], clock: DrillClock = .system) {
        self.address = address
        self.ports = ports
        log = LineLog(folder.canary)
        self.clock = clock
    }

    /// Says that this process is the drill's canary, until it ends.
    ///
    /// - Throws: `DrillError`: `isRunning` when another process is; `fileFailed`.
    public static func claim(_ folder: DrillFolder) throws {
        try ProcessClaim.claim(folder.canaryProcess, "canary", of: folder)
    }

    /// Listens until the task is cancelled; `ready` is called once it hears, before it writes anything.
    ///
    /// - Throws: `DrillError` when it cannot listen, or its log cannot be written.
    public func run(ready: @escaping @Sendable () throws -> Void = {}) async throws {
        let isCancelled = CancelMark()
        let lane = BlockingLane(name: "canary", threadCount: 1)
        try await withTaskCancellationHandler {
            try await lane.run { () throws in try listen(until: isCancelled, ready) }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
    }

    private func listen(until isCancelled: CancelMark, _ ready: () throws -> Void) throws {
        let sockets = try CanarySockets(address, ports)
        try ready()
        try log.mend()
        let word = EnvironmentToken().text
        try log.append(.listening(at: clock.uptime(), process: getpid(), word: word))
        var count = 0
        while !isCancelled.value.load(ordering: .relaxed) {
            for heard in sockets.next(milliseconds: 100) {
                let record = record(of: heard, word)
                if case .heard = record { count += 1 }
                if case .heard = record, count > Self.largestCount {
                    if count == Self.largestCount + 1 { try log.append(.flooded(at: clock.uptime())) }
                    continue
                }
                try log.append(record)
            }
        }
        try log.append(.ended(at: clock.uptime()))
    }

    private func record(of heard: CanarySockets.Heard, _ word: String) -> CanaryRecord {
        let text = String(decoding: heard.bytes, as: UTF8.self)
        let line = text.prefix { $0 != "\n" }
        if line == word { return .control(at: clock.uptime(), port: heard.port) }
        return .heard(
            at: clock.uptime(), wall: clock.wall(), port: heard.port, from: heard.from, byteCount: heard.bytes.count,
            by: line.hasPrefix(Self.mark) ? String(line.dropFirst(Self.mark.count).prefix(64)) : nil)
    }

    private final class CancelMark: Sendable {
        let value = Atomic<Bool>(false)
    }
}
