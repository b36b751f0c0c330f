import FoundationEssentials
import Glibc
import ObjectStore
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a lock")
struct LockTests {
    private func locks(_ stage: Stage) async throws -> [LockRecord] {
        try await stage.repository.lockRecords().compactMap(\.record)
    }

    @Test("says who holds it since when, as restic writes it")
    func record() async throws {
        let stage = try await Stage()
        var settings = Stage.locks
        settings.owner = LockOwner(hostname: "h", username: "u", pid: 77, uid: 1000, gid: 0)
        settings.now = { Timestamp(seconds: 1_700_000_000, nanoseconds: 5) }
        let lock = try await RepositoryLock.take(.exclusive, on: stage.repository, settings)
        let name = try #require(try await stage.objects(Layout.locks).first)
        let json = try await stage.repository.load(Layout.locks, try #require(Layout.digest(of: name)))
        let fields = try JSONDecoder().decode([String: Field].self, from: Data(json))
        let expected: [String: Field] = [
            "time": .text("2023-11-14T22:13:20.000000005Z"), "exclusive": .flag(true), "hostname": .text("h"),
            "username": .text("u"), "pid": .number(77), "uid": .number(1000),
        ]
        #expect(fields == expected)
        await lock.release()
        #expect(try await stage.objects(Layout.locks) == [])
    }

    private enum Field: Decodable, Equatable {
        case text(String), number(Int), flag(Bool)
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? value.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }

    @Test("excludes what it must: exclusive all, shared only exclusive ones; and names the holder")
    func exclusion() async throws {
        let stage = try await Stage()
        for first in [LockKind.shared, .exclusive] {
            for second in [LockKind.shared, .exclusive] {
                let held = try await RepositoryLock.take(first, on: stage.repository, Stage.locks)
                if first == .shared, second == .shared {
                    await (try RepositoryLock.take(second, on: stage.repository, Stage.locks)).release()
                } else {
                    let error = await #expect(throws: RepositoryError.self) {
                        _ = try await RepositoryLock.take(second, on: stage.repository, Stage.locks)
                    }
                    #expect(error?.code == .locked && error?.isTransient == true)
                    let kind = first == .shared ? "a shared" : "an exclusive"
                    let holder = "\(kind) lock held by tester@stage, process \(getpid()), since 20"
                    #expect(error?.message.contains(holder) == true, "\(error?.message ?? "")")
                }
                await held.release()
                #expect(try await stage.objects(Layout.locks) == [])
            }
        }
    }

    @Test("of two that are taken at once for exclusive work never both are had")
    func race() async throws {
        let stage = try await Stage()
        var settings = Stage.locks
        settings.settle = .milliseconds(50)
        let holders = Holders()
        let winners = Counter()
        await withTaskGroup(of: Void.self) { [settings] group in
            for _ in 0..<6 {
                group.addTask {
                    guard let lock = try? await RepositoryLock.take(.exclusive, on: stage.repository, settings) else {
                        return
                    }
                    #expect(holders.change(by: 1) == 1)
                    winners.add()
                    await Task.yield()
                    _ = holders.change(by: -1)
                    await lock.release()
                }
            }
        }
        #expect(try await stage.objects(Layout.locks) == [])
        // All may give way to each other; alone one gets it.
        await (try RepositoryLock.take(.exclusive, on: stage.repository, settings)).release()
    }

    @Test("is waited for as long as told")
    func retry() async throws {
        let stage = try await Stage()
        let held = try await RepositoryLock.take(.exclusive, on: stage.repository, Stage.locks)
        var settings = Stage.locks
        settings.retryFor = .seconds(60)
        let listed = Gate()
        let watched = WatchedStore(stage.store) { operation, name async throws(StoreError) in
            if operation == .get, name.hasPrefix(Layout.locks) { listed.open() }
        }
        let waiting = Task { [settings] in
            try await RepositoryLock.take(.exclusive, on: stage.repository.through(watched), settings)
        }
        await listed.pass()
        await held.release()
        await (try waiting.value).release()
    }

    @Test("that is refreshed replaces its object, and the new one has a new time")
    func refresh() async throws {
        let stage = try await Stage()
        let seconds = Mutex<Int64>(1_700_000_000)
        var settings = Stage.locks
        settings.now = { Timestamp(seconds: seconds.withLock { $0 }) }
        let lock = try await RepositoryLock.take(.shared, on: stage.repository, settings)
        let before = try await stage.objects(Layout.locks)
        seconds.withLock { $0 += 300 }
        try await lock.refresh()
        let after = try await stage.objects(Layout.locks)
        #expect(before.count == 1 && after.count == 1 && before != after)
        #expect(try await locks(stage).map(\.time) == ["2023-11-14T22:18:20Z"])
        try await lock.prove()
        await lock.release()
        #expect(try await stage.objects(Layout.locks) == [])
    }

    @Test("refreshes itself while it is held, and a refresh under way leaves nothing when it is released")
    func refresher() async throws {
        let stage = try await Stage()
        let (reached, go) = (Gate(), Gate())
        let puts = Counter()
        // The third lock is stored, and nobody has been told so yet.
        let watched = WatchedStore(
            stage.store,
            afterPut: { _ in
                guard puts.add() == 3 else { return }
                reached.open()
                await go.pass()
            })
        var settings = Stage.locks
        settings.refreshInterval = .milliseconds(10)
        let lock = try await RepositoryLock.take(.shared, on: stage.repository.through(watched), settings)
        await reached.pass()
        let released = Task { await lock.release() }
        for _ in 0..<1_000 { await Task.yield() }
        go.open()
        await released.value
        #expect(puts.value >= 3)
        #expect(try await stage.objects(Layout.locks) == [])
    }

    @Test("that somebody removed is lost, for good, and a refresh does not bring it back")
    func removed() async throws {
        let stage = try await Stage()
        let lock = try await RepositoryLock.take(.shared, on: stage.repository, Stage.locks)
        try await lock.prove()
        for name in try await stage.objects(Layout.locks) { try await stage.store.delete(name) }
        for call in [lock.prove, lock.refresh, lock.prove] {
            let error = await #expect(throws: RepositoryError.self) { try await call() }
            #expect(error?.code == .lockLost && error?.message.contains("removed") == true)
        }
        #expect(try await stage.objects(Layout.locks) == [])
        await lock.release()
    }

    @Test(
        "that was not refreshed in time is lost even when the refresher runs before anyone asks",
        arguments: [false, true])
    func stale(refreshFirst: Bool) async throws {
        let stage = try await Stage()
        var settings = Stage.locks
        settings.staleAfter = .milliseconds(1)
        let lock = try await RepositoryLock.take(.shared, on: stage.repository, settings)
        try await Task.sleep(for: .milliseconds(2))  // the process was stopped
        for call in refreshFirst ? [lock.refresh, lock.prove] : [lock.prove, lock.refresh] {
            let error = await #expect(throws: RepositoryError.self) { try await call() }
            #expect(error?.code == .lockLost && error?.message.contains("not refreshed in time") == true)
        }
        await lock.release()
        #expect(try await stage.objects(Layout.locks) == [])
    }

    @Test("whose write failed after it was stored is not left behind")
    func lostAnswer() async throws {
        let stage = try await Stage()
        let faulty = FaultyStore(
            stage.store, plan: [.put: [.failAfterStoring(StoreError(.failed, "lost", subject: ""))]])
        await #expect(throws: StoreError.self) {
            _ = try await RepositoryLock.take(.shared, on: stage.repository.through(faulty), Stage.locks)
        }
        #expect(try await stage.objects(Layout.locks) == [])
    }

    @Test("taken by a task that is cancelled meanwhile is given up")
    func cancelled() async throws {
        let stage = try await Stage()
        let reached = Gate()
        let watched = WatchedStore(stage.store) { operation, name async throws(StoreError) in
            if operation == .put { reached.open() }
        }
        var settings = Stage.locks
        settings.settle = .seconds(600)
        let task = Task { [settings] in
            _ = try await RepositoryLock.take(.exclusive, on: stage.repository.through(watched), settings)
        }
        await reached.pass()
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        #expect(try await stage.objects(Layout.locks) == [])
    }

    @Test("that cannot be read excludes, and an empty object does not")
    func unreadable() async throws {
        let stage = try await Stage()
        let empty = Layout.object(Layout.locks, SHA256.digest([]))
        try await stage.store.put(empty, [])
        await (try RepositoryLock.take(.exclusive, on: stage.repository, Stage.locks)).release()
        _ = try await stage.repository.save(Layout.locks, json: Array("{\"time\":7}".utf8))
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await RepositoryLock.take(.shared, on: stage.repository, Stage.locks)
        }
        #expect(error?.code == .locked && error?.message.contains("cannot be read") == true)
    }

    @Test("goes by unlock when it is old or its process is gone, others only with all")
    func unlock() async throws {
        let stage = try await Stage()
        let now = Timestamp(seconds: 1_700_000_000)
        func put(_ hostname: String, age: Int64, pid: Int32) async throws {
            let time = Timestamp(seconds: now.seconds - age).rfc3339
            let record = LockRecord(
                time: time, exclusive: false, hostname: hostname, username: "u", pid: pid, uid: nil, gid: nil)
            _ = try await stage.repository.save(Layout.locks, json: try record.json())
        }
        try await put("here", age: 10, pid: 1)
        try await put("here", age: 10, pid: 2)
        try await put("there", age: 10, pid: 2)
        try await put("there", age: 1_801, pid: 1)
        try await put("there", age: -100_000, pid: 3)
        func unlock(all: Bool) async throws -> Int {
            try await stage.repository.unlock(all: all, now: now, hostname: "here") { $0 == 1 }
        }
        #expect(try await unlock(all: false) == 2)
        #expect(try await locks(stage).map(\.pid).sorted() == [1, 2, 3])
        #expect(try await unlock(all: false) == 0)
        #expect(try await unlock(all: true) == 3)
        #expect(try await stage.objects(Layout.locks) == [])
    }

    @Test("is released when the work under it throws")
    func bodyThrows() async throws {
        let stage = try await Stage()
        await #expect(throws: CancellationError.self) {
            try await stage.repository.locked(.exclusive, Stage.locks) { _ in throw CancellationError() }
        }
        #expect(try await stage.objects(Layout.locks) == [])
    }
}

/// How many hold a lock at this moment.
private final class Holders: Sendable {
    private let count = Mutex(0)
    func change(by difference: Int) -> Int {
        count.withLock { count in
            count += difference
            return count
        }
    }
}
