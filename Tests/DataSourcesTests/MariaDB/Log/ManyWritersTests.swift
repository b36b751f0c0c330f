import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "MariaDB: replay of many writers", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct ManyWritersTests {
    /// One base of a server that was being written to, its log, and what the writers know.
    struct World {
        let replayed: ReplayedBase
        let log: ReplayLog
        let writers: ManyWriters
        let order: [(gtid: String, place: String)]
        /// So many transactions of the order are in the base.
        let baseCount: Int

        /// Writers write while the base is taken, change definitions behind it, over a restart and rotations.
        init(_ method: DatabaseMethod, domains: Int, seed: UInt64) async throws {
            let stage = try await MariaDBStage()
            try await stage.admin(ManyWriters.schema)
            var writers = ManyWriters(stage, seed: seed)
            try await writers.write(3, domains: domains, hasDefinitions: false)
            let before = writers
            async let load = ManyWritersTests.written(before, 40, domains)
            replayed = try await ReplayedBase(stage, method)
            writers = try await load
            try await writers.write(20, domains: domains, hasDefinitions: true)
            try await stage.server.stop()
            try await stage.server.start()
            try await writers.write(20, domains: domains, hasDefinitions: true)
            log = try await replayed.log()
            order = try await writers.order()
            self.writers = writers
            let base = try #require(GTIDState(replayed.start.gtid ?? ""))
            baseCount =
                order.filter { item in
                    GTID(item.gtid).map { gtid in (base.newest(of: gtid.domain)?.sequence ?? 0) >= gtid.sequence }
                        ?? false
                }.count
        }

        /// Restores to a target and compares all tables with the first `count` transactions.
        func check(_ target: LogTarget, count: Int, threads: Int? = nil) async throws {
            let rows = try await replayed.restore(target, log, asking: ManyWriters.question, threads: threads)
            #expect(rows.last == writers.state(order[..<count].map(\.gtid)), "\(target), \(count) transactions")
        }

        /// The newest transaction of each domain among the first `count`.
        func state(_ count: Int) -> String {
            var state = GTIDState()
            for item in order[..<count] { if let gtid = GTID(item.gtid) { state.add(gtid) } }
            return state.newest.map(\.description).joined(separator: ",")
        }
    }

    static func written(_ writers: ManyWriters, _ count: Int, _ domains: Int) async throws -> ManyWriters {
        var writers = writers
        try await writers.write(count, domains: domains, hasDefinitions: false)
        return writers
    }

    @Test(
        "at random targets every table equals the transactions that the server committed before, and no other",
        arguments: [(DatabaseMethod.physical, 14), (.logical, 6)])
    func rowExact(_ method: DatabaseMethod, _ targetCount: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of writers and targets: \(seed)")
        let world = try await World(method, domains: 2, seed: seed)
        let (order, base) = (world.order, world.baseCount)
        try #require(order.count > base + 100)
        #expect(Set(order.suffix(order.count - base).map { $0.gtid.prefix(2) }) == ["0-", "1-"])
        var random = SeededGenerator(seed: seed)
        for index in 0..<targetCount {
            let count = Int.random(in: base + 1..<order.count, using: &random)
            switch index % 5 {
            case 0: try await world.check(.through(order[count - 1].gtid), count: count)
            case 1: try await world.check(.before(order[count].gtid), count: count)
            case 2: try await world.check(.through(world.state(count)), count: count)
            case 3: try await world.check(.before(order[count].place), count: count)
            default: try await world.check(.through(order[count - 1].place), count: count)
            }
        }
        try await world.check(.end, count: order.count)
        try await checkTimes(world, &random)
    }

    // Times of events are whole seconds of the beginning of a commit or of a statement, so a writer's own clock bounds them:
    // began <= time + 1, and time <= ended.
    /// A time leaves out what began behind it, and what follows that; it has what ended before.
    private func checkTimes(_ world: World, _ random: inout SeededGenerator) async throws {
        let (order, steps) = (world.order, world.writers.steps)
        let behind = order[world.baseCount...].compactMap { steps[$0.gtid] }
        let first = Int(try #require(behind.first?.ended)) + 1
        let last = Int(try #require(behind.last?.began))
        for _ in 0..<2 {
            let time = Double(Int.random(in: first...last, using: &random))
            let stop = try await world.replayed.stage.restorer.locate(.time(time), in: world.log)
            let count = try #require(
                (world.baseCount...order.count).first { world.state($0) == reached(stop.position) },
                "\(stop.position) is no prefix")
            for step in order[..<count].compactMap({ steps[$0.gtid] }) {
                #expect(step.began < time + 1, "\(step.gtid)")
            }
            if count < order.count, let next = steps[order[count].gtid] {
                #expect(next.ended >= time + 1 && stop.next?.hasPrefix(next.gtid) == true)
            }
            #expect(stop.lastTime ?? .infinity <= time)
            try await world.check(.time(time), count: count)
        }
    }

    private func reached(_ position: String) -> String {
        (GTIDState(position)?.newest ?? []).map(\.description).joined(separator: ",")
    }

    @Test(
        "with many workers, which apply ahead and take back, the tables are the same",
        arguments: [(1, 4), (2, 4), (1, 16)])
    func workers(_ domains: Int, _ threads: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of writers and targets: \(seed)")
        let world = try await World(.physical, domains: domains, seed: seed)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2 {
            let count = Int.random(in: world.baseCount + 1..<world.order.count, using: &random)
            try await world.check(.through(world.order[count - 1].gtid), count: count, threads: threads)
        }
        try await world.check(.end, count: world.order.count, threads: threads)
    }
}
