/// How much would have been lost if disaster had struck at the worst moment: the longest span between what the newest visible recovery
/// point holds and now. DESIGN 8, RPO.
public enum Exposure {
    /// Days that are looked back.
    public static let days = 30

    /// - Parameters:
    ///   - points: for each recovery point the time of its position and that from which on it could be restored, seconds since 1970,
    ///     in any order.
    ///   - now: seconds since 1970; from the newest position until now counts too.
    /// - Returns: seconds; nil without points.
    public static func longest(points: [(position: Double, visible: Double)], now: Double) -> Double? {
        let known = points.filter { $0.visible <= now }.sorted { $0.visible < $1.visible }
        guard var position = known.first?.position else { return nil }
        let begin = now - Double(days) * 86_400
        var longest = 0.0
        for point in known.dropFirst() {
            // Until it is visible, the one before is all there is.
            if point.visible >= begin { longest = max(longest, point.visible - position) }
            position = max(position, point.position)
        }
        return max(longest, now - position)
    }
}
