/// What one store lost, measured from acknowledged beats: DESIGN 8, RPO.
public struct LossMeasure: Sendable, Hashable, Codable {
    /// An acknowledged beat, and whether the restored system has it.
    public struct Beat: Sendable, Hashable, Codable {
        /// Its number, from 1.
        public var number: Int
        /// When it was acknowledged, seconds of the observer's clock.
        public var acknowledged: Double
        /// Is it there? Nil when that could not be found out.
        public var isHeld: Bool?

        /// A beat.
        public init(number: Int, acknowledged: Double, isHeld: Bool?) {
            self.number = number
            self.acknowledged = acknowledged
            self.isHeld = isHeld
        }
    }

    /// The store.
    public var store: BeatStore
    /// Beats acknowledged before the fault.
    public var countBefore: Int
    /// Loss before the fault is at least this many seconds: from the first lost beat to the fault; zero when none was lost.
    public var leastSeconds: Double
    /// And at most this many: from the last held beat to the fault. Nil when none is held.
    public var mostSeconds: Double?
    /// Beats acknowledged before the fault that are lost.
    public var lostBefore: [Int]
    /// Beats acknowledged after the fault that are lost.
    public var lostAfter: [Int]
    /// Lost beats with a held one behind them, both before the fault: corruption.
    public var holes: [Int]
    /// Beats whose fate could not be found out.
    public var unknown: [Int]

    /// Measures `beats`, in any order, against a fault at `fault`.
    public init(store: BeatStore, beats: [Beat], fault: Double) {
        self.store = store
        let sorted = beats.sorted { $0.acknowledged < $1.acknowledged }
        let before = sorted.filter { $0.acknowledged <= fault }
        countBefore = before.count
        unknown = sorted.filter { $0.isHeld == nil }.map(\.number)
        let lost = before.filter { $0.isHeld == false }
        lostBefore = lost.map(\.number)
        lostAfter = sorted.filter { $0.acknowledged > fault && $0.isHeld == false }.map(\.number)
        let lastHeld = before.last { $0.isHeld == true }
        leastSeconds = lost.first.map { fault - $0.acknowledged } ?? 0
        mostSeconds = lastHeld.map { fault - $0.acknowledged }
        holes = lost.filter { beat in lastHeld.map { beat.acknowledged < $0.acknowledged } ?? false }.map(\.number)
        if let lastHeld {
            // A hole is no part of the loss at the end: that begins behind the last beat that is held.
            leastSeconds =
                lost.first { $0.acknowledged > lastHeld.acknowledged }.map { fault - $0.acknowledged } ?? 0
        }
    }

    /// The achieved RPO: the most that can have been lost; nil when nothing is held.
    public var achievedSeconds: Double? { lostBefore.isEmpty ? 0 : mostSeconds }
}
