import ObjectStore
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Drills

@Suite("A drill on a point of production")
struct ProductionPointTests {
    /// Refuses what begins with one of `refused`, and takes the rest.
    private struct PartlyReadOnly: ObjectStore {
        var location = "s3:https://store.test/bucket"
        var refused = [""]
        var code = StoreError.Code.accessDenied
        var canDelete = false
        var isKept = false
        let names = Names()

        func put(
            _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
        ) async throws(StoreError) {
            if refused.contains(where: { name.hasPrefix($0) }) { throw StoreError(code, "no", subject: name) }
            names.all.withLock { _ = $0.insert(name) }
        }

        func delete(_ all: [String]) async throws(StoreError) {
            guard canDelete else { throw StoreError(.accessDenied, "no", subject: all.joined()) }
            names.all.withLock { names in all.forEach { names.remove($0) } }
        }

        func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] { [] }
        func head(_ name: String) async throws(StoreError) -> ObjectInfo { ObjectInfo(name: name, byteCount: 0) }
        func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
            ListPage(objects: [], hasMore: false)
        }
    }

    private final class Names: Sendable {
        let all = Mutex<Set<String>>([])
        var isEmpty: Bool { all.withLock { $0.isEmpty } }
    }

    @Test("credentials that are refused everywhere are proven unable to write")
    func refused() async { #expect(await WriteRefusal(PartlyReadOnly()).prove() == nil) }

    @Test(
        "credentials that may write in one place only are told, and nothing stays there",
        arguments: ["data/", "locks/"])
    func partly(place: String) async throws {
        let others = ["write-", "data/", "index/", "snapshots/", "locks/", "keys/", "lifeboat/"].filter { $0 != place }
        let store = PartlyReadOnly(refused: others, canDelete: true)
        let reason = try #require(await WriteRefusal(store).prove())
        #expect(reason.hasPrefix(place) && reason.contains("removed again"), "\(reason)")
        #expect(store.names.isEmpty)
        let sticky = PartlyReadOnly(refused: others)
        #expect(try #require(await WriteRefusal(sticky).prove()).contains("remove it"))
    }

    @Test("credentials that may remove objects, or a service that is away, prove nothing")
    func others() async throws {
        #expect(try #require(await WriteRefusal(PartlyReadOnly(canDelete: true)).prove()).contains("may be removed"))
        let away = try #require(await WriteRefusal(PartlyReadOnly(code: .unreachable)).prove())
        #expect(away.contains("in another way"), "\(away)")
    }

    @Test("a directory that root can write to is told, and is left as it was")
    func directory() async throws {
        let folder = try TemporaryFolder("refusal")
        let store = DirectoryStore(root: folder.path)
        #expect(try #require(await WriteRefusal(store).prove()).contains("could be written"))
        #expect(try await store.list(prefix: "").isEmpty)
    }

    static let head = "environment: t\ndriver: namespace\nhosts: {}\nup: x\ndown: x\nclear: x\n"
    static let point =
        "production-point: {configuration: /p.yaml, source: db, load: l, open: o}\ncanary: {address: 198.51.100.1}\n"

    @Test("an environment says how a point comes, and where the canary is")
    func environment() throws {
        let environment = try DrillEnvironment(
            text: Self.head + "data: production-point\nsql: mariadb\n" + Self.point, file: "t.yaml")
        #expect(environment.productionPoint?.point == "latest" && environment.productionPoint?.host == "operator")
        #expect(environment.canary == DrillEnvironment.CanaryPlace(address: "198.51.100.1", ports: [53]))
    }

    @Test(
        "one that says that it has a point of production, and not how, is refused",
        arguments: ["sql: mariadb\n", point])
    func incomplete(text: String) {
        #expect(throws: SettingsError.self) {
            try DrillEnvironment(text: Self.head + "data: production-point\n" + text, file: "t.yaml")
        }
    }

    @Test("production's data without a look at masks and fence proves nothing, whatever the scenario says")
    func unproven() throws {
        var logs = try PretendLogs()
        logs.scenario.masks = nil
        logs.scenario.fence = Scenario.Fence()
        logs.drop { if case .proven = $0 { true } else { false } }
        for (kind, count) in [(DrillEnvironment.DataKind.synthetic, 0), (.productionPoint, 2)] {
            var reasons = VerdictReasons(
                records: logs.records, truths: logs.truths, scenario: logs.scenario, measures: logs.measures)
            reasons.dataKind = kind
            let codes = reasons.all.map(\.code).filter { $0.hasSuffix("s_unproven") || $0 == "fence_unproven" }
            #expect(codes.count == count, "\(kind): \(codes)")
        }
    }
}
