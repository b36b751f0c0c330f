/// What the logs of canary and tries say of a fence. Both silence from inside and an ear from outside are needed: a canary that
/// hears nothing because it is dead proves nothing.
public struct FenceFinding: Sendable, Hashable {
    /// That something got out; empty when nothing did.
    public let breaches: [String]
    /// Why silence proves nothing; empty when it does.
    public let doubts: [String]

    /// - Parameters:
    ///   - heard: the canary's log.
    ///   - tries: the runner's.
    ///   - hosts: every host must have been tried from.
    ///   - isEnd: has the drill come to its end? Then there must be tries from its beginning and from its end.
    public init(heard: [CanaryRecord], tries: [FenceTry], hosts: [String], isEnd: Bool) {
        breaches = Self.breaches(heard, tries)
        doubts = Self.doubts(heard, tries, hosts, isEnd: isEnd)
    }

    /// As an examiner says it: nil when the fence holds and that is proven.
    public var failure: String? {
        if !breaches.isEmpty { return breaches.joined(separator: "; ") }
        return doubts.isEmpty ? nil : VerdictReasons.unprovenMark + doubts.joined(separator: "; ")
    }

    private static func breaches(_ records: [CanaryRecord], _ tries: [FenceTry]) -> [String] {
        var breaches = Set(tries.filter { $0.outcome == .reached && $0.host != FenceTries.ownSide }.map(\.host))
            .sorted().map { "\($0) can connect to the canary" }
        let heard = records.filter { if case .heard = $0 { true } else { false } }
        if case .heard(_, _, let port, let from, let byteCount, let by)? = heard.first {
            let who = by.map { "\($0), which tried for us" } ?? from
            let isFlooded = records.contains { if case .flooded = $0 { true } else { false } }
            breaches.append(
                "the canary heard \(heard.count)\(isFlooded ? " times and more" : heard.count == 1 ? " time" : " times"), first \(byteCount) bytes from \(who) at \(port)"
            )
        }
        return breaches
    }

    private static func doubts(
        _ heard: [CanaryRecord], _ tries: [FenceTry], _ hosts: [String], isEnd: Bool
    ) -> [String] {
        var doubts = [String]()
        let starts = heard.count { if case .listening = $0 { true } else { false } }
        if starts == 0 { doubts.append("no canary listened") }
        if starts > 1 { doubts.append("the canary was started \(starts) times, and heard nothing in between") }
        // Each round ends with the try from the canary's own side.
        let own = tries.filter { $0.host == FenceTries.ownSide }
        if let deaf = own.first(where: { $0.outcome != .reached }) {
            doubts.append("the canary could not be heard from its own side: \(deaf.detail)")
        }
        let rounds = Set(own.map(\.at)).count
        if rounds == 0 { doubts.append("nobody asked the canary whether it hears") }
        if isEnd, rounds == 1 { doubts.append("nobody asked the canary at the end whether it still hears") }
        for host in hosts {
            let these = tries.filter { $0.host == host }
            if let one = these.first(where: { $0.outcome == .untried }) {
                doubts.append("nobody could try from \(host): \(one.detail)")
            } else if these.isEmpty {
                doubts.append("nobody tried from \(host)")
            }
        }
        if hosts.isEmpty { doubts.append("the environment has no host to try from") }
        return doubts
    }
}
