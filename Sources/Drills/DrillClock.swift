import Glibc

/// The two clocks of a drill.
public struct DrillClock: Sendable {
    /// Seconds of the machine's clock that never steps and goes on while it sleeps: the same for all processes.
    public var uptime: @Sendable () -> Double
    /// Wall time, seconds since 1970.
    public var wall: @Sendable () -> Double

    /// Clocks that are handed in.
    public init(uptime: @escaping @Sendable () -> Double, wall: @escaping @Sendable () -> Double) {
        self.uptime = uptime
        self.wall = wall
    }

    /// The machine's.
    public static let system = DrillClock(
        uptime: { seconds(CLOCK_BOOTTIME) }, wall: { seconds(CLOCK_REALTIME) })

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
