import Drills
import FoundationEssentials
import Ledger
import Synchronization
import TestSupport

@testable import Catalog

/// Events as nodes might have written them, from a seed.
struct EventMaker {
    private var random: SeededGenerator
    private var sequences: [String: UInt64] = [:]
    private var points: [String] = []
    private var drills: [String] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func events(_ count: Int, nodes: [String] = ["web1", "web2", "standby"]) -> [CatalogEvent] {
        (0..<count).map { _ in event(nodes) }
    }

    private mutating func event(_ nodes: [String]) -> CatalogEvent {
        let node = nodes[Int.random(in: 0..<nodes.count, using: &random)]
        sequences[node, default: 0] += 1
        // Clocks of nodes differ, and stand still at times.
        let time = EventTime(seconds: 1_790_000_000 + Int64.random(in: 0..<40, using: &random))
        let (kind, payload) = content()
        return CatalogEvent(node: node, sequence: sequences[node, default: 0], time: time, kind: kind, payload: payload)
    }

    private mutating func content() -> (kind: String, payload: [UInt8]?) {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<3: return ("backup", backup())
        case 3: return ("restore", Samples.restore(point: points.last))
        case 4: return ("verification", Samples.verification(point: points.last ?? "0"))
        case 5: return ("forget", Samples.forget(Array(points.prefix(2))))
        case 6: return ("journal", Samples.journal)
        case 7, 8: return ("drill", drill())
        case 9: return ("backup", Array(#"{"actor":"a","detail":{"of":"another release"}}"#.utf8))
        case 10: return ("replication", Array(#"{"actor":"a","detail":{}}"#.utf8))
        default: return ("backup", nil)
        }
    }

    private mutating func backup() -> [UInt8] {
        points.append(String(UInt64.random(in: 0...UInt64.max, using: &random), radix: 16))
        return Samples.backup(point: points.last ?? "")
    }

    /// Now and then one that was recorded before, with other content.
    private mutating func drill() -> [UInt8] {
        if drills.isEmpty || Bool.random(using: &random) { drills.append("D-\(drills.count)") }
        let id = drills[Int.random(in: 0..<drills.count, using: &random)]
        return Samples.drill(
            Samples.test(id, verdict: Bool.random(using: &random) ? .pass : .fail),
            stepCount: Int.random(in: 0..<4, using: &random), reasonCount: Int.random(in: 0..<2, using: &random))
    }
}

/// Events in memory, of which a feed shows as many as it is told.
final class ListFeed: EventFeed {
    /// Ends an update in the middle, as a kill would.
    struct Cut: Error {}

    let repositoryID: String
    private let state: Mutex<(events: [CatalogEvent], left: Int)>

    init(_ events: [CatalogEvent], repositoryID: String = "repository") {
        self.repositoryID = repositoryID
        state = Mutex((events, Int.max))
    }

    /// So many events are given, then `Cut` is thrown.
    func cut(after count: Int) { state.withLock { $0.left = count } }

    func add(_ events: [CatalogEvent]) { state.withLock { $0.events += events } }

    func nodes() async throws -> [String] { Set(state.withLock { $0.events.map(\.node) }).sorted() }

    func sequences(of node: String, after sequence: UInt64) async throws -> [UInt64] {
        state.withLock { $0.events.filter { $0.node == node && $0.sequence > sequence }.map(\.sequence).sorted() }
    }

    func events(
        of node: String, numbered: [UInt64]
    ) async throws -> (events: [CatalogEvent], problems: [String]) {
        try state.withLock { state in
            guard state.left >= numbered.count else { throw Cut() }
            if state.left != Int.max { state.left -= numbered.count }
            let wanted = Set(numbered)
            return (state.events.filter { $0.node == node && wanted.contains($0.sequence) }, [])
        }
    }
}
