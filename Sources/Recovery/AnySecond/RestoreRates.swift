public import DataSources

/// How fast things go, for telling how long a restore may take.
public struct RestoreRates: Sendable, Hashable {
    /// Bytes a second: fetched and opened.
    public var fetch: Double
    /// Bytes a second of a base: made ready.
    public var build: Double
    /// Bytes a second of log: replayed.
    public var replay: Double
    /// Starting servers and stopping them, seconds.
    public var start: Double

    /// Rates.
    public init(fetch: Double, build: Double, replay: Double, start: Double) {
        self.fetch = fetch
        self.build = build
        self.replay = replay
        self.start = start
    }

    /// Measured on two cores with other work beside it; a machine of one's own is faster. A drill tells what it is really.
    public static func usual(_ kind: SourceKind) -> RestoreRates {
        switch kind {
        case .postgresql: RestoreRates(fetch: 100e6, build: 400e6, replay: 25e6, start: 2)
        case .files: RestoreRates(fetch: 100e6, build: .infinity, replay: .infinity, start: 0)
        case .mariadb, .redis, .sqlite: RestoreRates(fetch: 100e6, build: 400e6, replay: 5.7e6, start: 1)
        }
    }

    /// How long so many bytes take, and so many of log.
    public func duration(base: UInt64, log: UInt64 = 0) -> Duration {
        .seconds(
            Double(base) / fetch + Double(base) / build + Double(log) / fetch + Double(log) / replay + start)
    }
}
