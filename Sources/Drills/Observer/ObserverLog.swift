import ObjectStore

/// The observer's log, written from many tasks.
///
/// What was acknowledged is on the disk before the next beat is sent. The rest is not waited for: a disk that a restore keeps busy
/// must not blind the observer.
final class ObserverLog: Sendable {
    private let log: LineLog<ObserverRecord>
    private let clock: DrillClock
    private let lane = BlockingLane(name: "observer-log", threadCount: 4)

    init(_ folder: DrillFolder, _ clock: DrillClock) {
        log = LineLog(folder.observer)
        self.clock = clock
    }

    /// Seconds of the clock that never steps.
    var now: Double { clock.uptime() }
    /// Wall time, seconds since 1970.
    var wall: Double { clock.wall() }

    /// Drops a line that a death has cut off; gives the number of the next beat.
    func begin() async throws -> Int {
        let log = log
        return try await lane.run { () throws in
            try log.mend()
            return try log.read().reduce(0) { last, record in
                switch record {
                case .sent(let number, _), .refused(let number, _, _): max(last, number)
                default: last
                }
            } + 1
        }
    }

    /// All lines.
    func read() async throws -> [ObserverRecord] {
        let log = log
        return try await lane.run { () throws in try log.read() }
    }

    /// Adds lines that belong together.
    func write(_ records: [ObserverRecord], isSynced: Bool = false) async throws {
        let log = log
        try await lane.run { () throws in try log.append(records, isSynced: isSynced) }
    }

    /// Says that it ended in order.
    func end() async throws { try await write([.ended(at: now)], isSynced: true) }
}
