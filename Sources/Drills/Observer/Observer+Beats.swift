extension Observer {
    /// Writes beats, one at a time, from `number` on.
    func beat(from first: Int) async throws {
        var schedule = Schedule(every: scenario.beats.every)
        var session: [String: String]?
        var number = first
        while true {
            if session == nil { session = try await signIn(for: number) }
            if let known = session {
                if try await !write(number, known) { session = nil }
            }
            number += 1
            try await schedule.next()
        }
    }

    /// What signing in captured; nil when it failed, for which beat `number` stands.
    private func signIn(for number: Int) async throws -> [String: String]? {
        let outcome = await door.send(
            scenario.beats.signIn, RequestValues(["drill": drill]), timeout: scenario.beats.timeout)
        try Task.checkCancellation()
        if case .right(let captured) = outcome { return captured }
        try await log.write([.refused(number: number, at: log.now, reason: "signing in: \(outcome.reason ?? "")")])
        return nil
    }

    /// Writes a beat; false when the service no longer knows us. Returns when its acknowledgement is on the disk.
    private func write(_ number: Int, _ session: [String: String]) async throws -> Bool {
        try await log.write([.sent(number: number, at: log.now)])
        let values = RequestValues(beat: number, drill: drill, seed: seed).adding(session)
        let outcome = await door.send(scenario.beats.write, values, timeout: scenario.beats.timeout)
        // Cut off by our own end, it is neither acknowledged nor refused.
        if Task.isCancelled, outcome.reason != nil { throw CancellationError() }
        let now = log.now
        switch outcome {
        case .right(let captured):
            let capture = ObserverRecord.captured(number: number, at: now, values: captured)
            try await log.write(
                (captured.isEmpty ? [] : [capture]) + [.acknowledged(number: number, at: now)], isSynced: true)
        case .wrong(_, let reason), .silent(let reason):
            try await log.write([.refused(number: number, at: now, reason: reason)])
        }
        return !outcome.isStranger
    }
}
