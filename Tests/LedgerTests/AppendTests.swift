import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Ledger

@Suite("Appending events") struct AppendTests {
    private let away = StoreError(.unreachable, "the store is away", subject: "test", isTransient: true)

    @Test("events are numbered, chained, signed and read back with their payloads")
    func chain() async throws {
        let desk = try Desk()
        let ledger = try desk.ledger()
        for (number, kind) in [EventKind.backup, .verification, .forget].enumerated() {
            let event = try await ledger.append(kind: kind, payload: Note(text: "ä", number: number))
            #expect(event.isStored && event.sequence == UInt64(number + 1))
        }
        #expect(
            try await desk.objects()
                == (1...3).flatMap { number in
                    ["", ".payload"].map { "lifeboat/events/web1/00000000000\(number)\($0)" }
                })
        // Another process, with nothing in memory.
        let events = try await desk.ledger().events(of: "web1")
        #expect(events.map(\.header.kind) == [.backup, .verification, .forget])
        #expect(events.map { $0.decode(as: Note.self)?.number } == [0, 1, 2])
        #expect(events[1].header.previous == events[0].header.hash)
        #expect(events[0].payload == .present(Array(#"{"number":0,"text":"ä"}"#.utf8)))
        #expect(try await desk.ledger().verify().isSound)
        var status = stat()
        #expect(stat(desk.statePath("web1") + "/node.key", &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test("while the store is away events wait on disk, and the next append stores them in order")
    func spool() async throws {
        let desk = try Desk()
        let faulty = FaultyStore(desk.store)
        let ledger = try desk.ledger(through: faulty)
        try await ledger.append(kind: .backup, payload: Note(text: "stored"))
        for number in 0..<2 {
            faulty.arm([.get: [.fail(away)]])
            let event = try await ledger.append(kind: .backup, payload: Note(text: "waits", number: number))
            #expect(!event.isStored && event.sequence == UInt64(number + 2))
            #expect((event.delay as? StoreError)?.code == .unreachable)
        }
        #expect(try await ledger.spooledCount() == 2)
        #expect(try await desk.objects().count == 2)
        // The machine was off meanwhile.
        let again = try desk.ledger()
        #expect(try await again.append(kind: .alive, payload: Note(text: "back")).isStored)
        #expect(try await again.spooledCount() == 0)
        #expect(
            try await again.events(of: "web1").compactMap { $0.decode(as: Note.self)?.text } == [
                "stored", "waits", "waits", "back",
            ])
        #expect(try await again.verify().isSound)
    }

    @Test("whatever call fails, the chain is whole in the end", arguments: [false, true])
    func sweep(afterwards: Bool) async throws {
        for operation in [FaultyStore.Operation.put, .get, .list] {
            var number = 0
            while true {
                let desk = try Desk()
                try await desk.ledger("other").append(kind: .alive, payload: Note(text: "other"))
                let faulty = FaultyStore(desk.store)
                let fault: FaultyStore.Outcome = afterwards ? .failAfterStoring(away) : .fail(away)
                let ledger = try desk.ledger(through: faulty)
                try await ledger.append(kind: .backup, payload: Note(text: "first"))
                faulty.arm([operation: Array(repeating: .none, count: number) + [fault]])
                let before = faulty.count(operation)
                let event = try await ledger.append(kind: .backup, payload: Note(text: "second"))
                let calls = faulty.count(operation) - before
                #expect(event.isStored == (calls <= number), "\(operation) \(number)")
                try await desk.ledger().append(kind: .backup, payload: Note(text: "third"))
                let report = try await desk.ledger().verify()
                #expect(report.isSound, "\(operation) \(number): \(report.problems)")
                #expect(report.nodes.last?.events.count == 3)
                if event.isStored { break }
                number += 1
            }
            #expect(number >= 2, "\(operation) was called")
        }
    }

    @Test("an upload that was cut off is stored once more", arguments: [0, 1, 40])
    func truncated(byteCount: Int) async throws {
        let desk = try Desk()
        let faulty = FaultyStore(desk.store, plan: [.put: [.truncate(byteCount)]])
        let event = try await desk.ledger(through: faulty).append(kind: .backup, payload: Note(text: "cut"))
        #expect(!event.isStored)
        #expect((event.delay as? StoreError)?.code == .corrupt)
        try await desk.ledger().flush()
        let events = try await desk.ledger().events(of: "web1")
        #expect(events.first?.decode(as: Note.self)?.text == "cut")
        #expect(try await desk.ledger().verify().isSound)
    }

    @Test("two writers of a node get consecutive numbers")
    func twoWriters() async throws {
        let desk = try Desk()
        // Sixteen events that are flushed to disk one after another may take long on a busy machine.
        let ledgers = [try desk.ledger(patience: .seconds(900)), try desk.ledger(patience: .seconds(900))]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ledger in ledgers {
                for number in 0..<8 {
                    group.addTask { try await ledger.append(kind: .backup, payload: Note(text: "w", number: number)) }
                }
            }
            try await group.waitForAll()
        }
        let history = try await ledgers[0].history(of: "web1")
        #expect(history.events.map(\.header.sequence) == Array(1...16))
        #expect(history.problems.isEmpty)
    }

    @Test("a writer that hangs is told of, not waited for without end")
    func hanging() async throws {
        let desk = try Desk()
        try await desk.ledger().append(kind: .alive, payload: Note(text: "1"))
        let path = desk.statePath("web1") + "/\(Desk.repositoryID)/web1/lock"
        let file = open(path, O_RDWR | O_CLOEXEC)
        #expect(file >= 0 && flock(file, LOCK_EX) == 0)
        let error = await #expect(throws: LedgerError.self) {
            try await desk.ledger(patience: .milliseconds(60)).append(kind: .alive, payload: Note(text: "2"))
        }
        #expect(error?.code == .locked)
        close(file)
        #expect(try await desk.ledger().append(kind: .alive, payload: Note(text: "2")).sequence == 2)
    }

    @Test("each event carries the last heads of other nodes that were seen")
    func witnesses() async throws {
        let desk = try Desk()
        let (one, two) = (try desk.ledger("one"), try desk.ledger("two"))
        let first = try await one.append(kind: .alive, payload: Note(text: "1"))
        try await two.flush()
        let seen = try await two.append(kind: .alive, payload: Note(text: "2")).header.seen
        #expect(seen == [first.header.head])
        #expect(try await one.nodes() == ["one", "two"])
    }

    @Test("a user's name becomes the same few digits each time, and others in another repository")
    func pseudonyms() throws {
        let desk = try Desk()
        let one = try desk.ledger().pseudonym(of: "alice")
        #expect(one.utf8.count == 16 && !one.contains("alice"))
        #expect(one == (try desk.ledger("other").pseudonym(of: "alice")))
        #expect(one != (try desk.ledger().pseudonym(of: "bob")))
        #expect(one != (try Desk().ledger().pseudonym(of: "alice")))
    }
}
