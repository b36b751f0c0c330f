/// What the progress line says: so much of so much, how fast, how long still.
struct ProgressLine {
    /// What is being done, such as `backup`.
    var title: String
    /// Bytes done.
    var byteCount: UInt64
    /// Bytes in all, as far as they are known; nil when they are not.
    var totalByteCount: UInt64?
    /// Files done.
    var fileCount: UInt64
    /// Files in all.
    var totalFileCount: UInt64?
    /// Things that failed.
    var failureCount: UInt64
    /// What is counted.
    var noun = ("file", "files")
    /// Time since the beginning.
    var elapsed: Duration

    /// `backup 42.0%  1.2 GiB of 2.9 GiB  1200 of 4000 files  98.3 MiB/s  0:17 left`.
    var text: String {
        var parts = [String]()
        if let total = totalByteCount, total > 0 {
            let share = min(Double(byteCount) / Double(total), 1)
            parts.append("\(title) \(Units.decimal(share * 100, 1))%")
            parts.append("\(Units.bytes(byteCount)) of \(Units.bytes(total))")
        } else {
            parts.append("\(title) \(Units.bytes(byteCount))")
        }
        parts.append(
            totalFileCount.map { "\(fileCount) of \(Units.count($0, noun.0, noun.1))" }
                ?? Units.count(fileCount, noun.0, noun.1))
        let rate = bytesPerSecond
        if rate > 0 { parts.append(Units.bytes(UInt64(rate)) + "/s") }
        parts.append(timeLeft(rate).map { Units.clock($0) + " left" } ?? Units.clock(elapsed))
        if failureCount > 0 { parts.append(Units.count(failureCount, "error")) }
        return parts.joined(separator: "  ")
    }

    private var bytesPerSecond: Double {
        let seconds = elapsed / .seconds(1)
        return seconds > 0 ? Double(byteCount) / seconds : 0
    }

    private func timeLeft(_ rate: Double) -> Duration? {
        guard let total = totalByteCount, total >= byteCount, rate > 0, elapsed > .seconds(2) else { return nil }
        return .seconds(min(Double(total - byteCount) / rate, 1e8))
    }
}

extension CommandContext {
    /// Draws a line several times a second while `body` runs, where messages go to a terminal.
    func withProgress<R>(
        _ options: GlobalOptions, _ line: @escaping @Sendable (Duration) -> ProgressLine, _ body: () async throws -> R
    ) async throws -> R {
        guard output.isTerminal, !options.quiet, !options.json else { return try await body() }
        let output = output
        let start = ContinuousClock.now
        let ticker = Task {
            while !Task.isCancelled {
                output.draw(line(start.duration(to: .now)).text)
                do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
            }
        }
        do {
            let result = try await body()
            await stop(ticker)
            return result
        } catch {
            await stop(ticker)
            throw error
        }
    }

    private func stop(_ ticker: Task<Void, Never>) async {
        ticker.cancel()
        await ticker.value
        output.erase()
    }
}
