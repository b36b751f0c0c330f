extension Observer {
    /// So many beats are looked for side by side.
    private static let width = 4
    /// So often an answer that says nothing is asked for again.
    private static let attemptCount = 3

    private struct Beat: Sendable {
        var number: Int
        var values: [String: String]
    }

    /// Looks for the row and the file of every beat that was acknowledged, through the front door, and writes down what it found.
    ///
    /// - Returns: how many it looked for.
    /// - Throws: `DrillError` when the log cannot be read or written.
    public func readBack() async throws -> Int {
        _ = try await log.begin()
        let beats = Self.beats(in: try await log.read())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<Self.width {
                let own = stride(from: worker, to: beats.count, by: Self.width).map { beats[$0] }
                group.addTask { try await look(for: own) }
            }
            try await group.waitForAll()
        }
        return beats.count
    }

    private static func beats(in records: [ObserverRecord]) -> [Beat] {
        var captured: [Int: [String: String]] = [:]
        var numbers = [Int]()
        for record in records {
            switch record {
            case .captured(let number, _, let values): captured[number] = values
            case .acknowledged(let number, _): numbers.append(number)
            default: break
            }
        }
        return numbers.map { Beat(number: $0, values: captured[$0] ?? [:]) }
    }

    /// What became of one half of a beat.
    private enum Fate {
        case held([String: String])
        case lost
        case unknown

        var isHeld: Bool? {
            switch self {
            case .held: true
            case .lost: false
            case .unknown: nil
            }
        }
    }

    private func look(for beats: [Beat]) async throws {
        var session: [String: String]?
        for (index, beat) in beats.enumerated() {
            let row = try await fate(of: scenario.beats.readRow, beat, &session)
            let file = try await file(of: beat, row, &session)
            let found = ObserverRecord.found(number: beat.number, at: log.now, row: row.isHeld, file: file.isHeld)
            try await log.write([found], isSynced: index == beats.count - 1)
        }
    }

    /// A file that only its row leads to is gone with it: through the front door nobody gets it any more.
    private func file(of beat: Beat, _ row: Fate, _ session: inout [String: String]?) async throws -> Fate {
        var beat = beat
        let plan = scenario.beats.readFile
        if case .held(let captured) = row {
            beat.values.merge(captured) { _, new in new }
        } else if scenario.beats.readRow.captures.keys.contains(where: { plan.url.contains("{\($0)}") }) {
            return row
        }
        return try await fate(of: plan, beat, &session)
    }

    private func fate(
        of plan: FrontDoorRequest, _ beat: Beat, _ session: inout [String: String]?
    ) async throws -> Fate {
        let timeout = scenario.beats.timeout
        let values = RequestValues(beat: beat.number, drill: drill, seed: seed)
        var pause = Schedule(every: .milliseconds(500))
        for attempt in 1...Self.attemptCount {
            if attempt > 1 { try await pause.next() }
            if session == nil,
                case .right(let known) = await door.send(
                    scenario.beats.signIn, RequestValues(["drill": drill]), timeout: timeout)
            {
                session = known
            }
            guard let known = session else { continue }
            let outcome = await door.send(plan, values.adding(known).adding(beat.values), timeout: timeout)
            try Task.checkCancellation()
            switch outcome {
            case .right(let captured): return .held(captured)
            // The right status with other bytes is another thing in its place; an absent one says so.
            case .wrong(let status, _) where status == plan.status || plan.absent.contains(status): return .lost
            case .wrong where outcome.isStranger: session = nil
            case .wrong, .silent: break
            }
        }
        return .unknown
    }
}
