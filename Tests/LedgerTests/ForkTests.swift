import Glibc
import ObjectStore
import TestSupport
import Testing

@testable import Ledger

@Suite("Forks and lost state") struct ForkTests {
    private func append(_ ledger: Ledger, _ text: String) async throws {
        try await ledger.append(kind: .backup, payload: Note(text: text))
    }

    private func copyState(_ desk: Desk, _ from: String, to: String) async throws {
        _ = try await Tool.run("cp", ["-a", desk.statePath(from), desk.statePath(to)])
    }

    @Test("a copy of the state that writes too is a fork: both heads are named and nothing is overwritten")
    func clone() async throws {
        let desk = try Desk()
        try await append(try desk.ledger(), "1")
        try await copyState(desk, "web1", to: "clone")
        try await append(try desk.ledger(), "2")
        let before = try await desk.store.get("lifeboat/events/web1/000000000002")
        let clone = try desk.ledger(state: "clone")
        let error = await #expect(throws: LedgerError.self) { try await append(clone, "2 of the clone") }
        #expect(error?.code == .forked)
        #expect(error?.message.split(separator: "web1/2 (").count == 3, "both heads: \(error?.message ?? "")")
        #expect(try await desk.store.get("lifeboat/events/web1/000000000002") == before)
        #expect(try await clone.spooledCount() == 1)
        // The rightful one goes on.
        try await append(try desk.ledger(), "3")
        #expect(try await desk.ledger().verify().isSound)
    }

    @Test("two copies that wrote the same number while the store was away fork at the second")
    func sameNumber() async throws {
        let desk = try Desk()
        let away = StoreError(.unreachable, "away", subject: "", isTransient: true)
        try await append(try desk.ledger(), "1")
        try await copyState(desk, "web1", to: "clone")
        for state in ["web1", "clone"] {
            let faulty = FaultyStore(desk.store, plan: [.get: [.fail(away)]])
            try await append(try desk.ledger(state: state, through: faulty), "2 of \(state)")
        }
        try await desk.ledger().flush()
        let error = await #expect(throws: LedgerError.self) { try await desk.ledger(state: "clone").flush() }
        #expect(error?.code == .forked)
        #expect(try await desk.ledger().events(of: "web1").last?.decode(as: Note.self)?.text == "2 of web1")
    }

    @Test("a new machine of an old name is a fork; with the old key it goes on where the store is")
    func newMachine() async throws {
        let desk = try Desk()
        for text in ["1", "2"] { try await append(try desk.ledger(), text) }
        let error = await #expect(throws: LedgerError.self) { try await append(try desk.ledger(state: "new"), "3") }
        #expect(error?.code == .forked)
        #expect(mkdir(desk.statePath("moved"), 0o700) == 0)
        _ = try await Tool.run("cp", [desk.statePath("web1") + "/node.key", desk.statePath("moved") + "/node.key"])
        let event = try await desk.ledger(state: "moved").append(kind: .alive, payload: Note(text: "3"))
        #expect(event.sequence == 3 && event.isStored)
        #expect(try await desk.ledger(state: "moved").verify().isSound)
    }

    @Test("a key without a record, and no store to ask, gives no number")
    func unknownHead() async throws {
        let desk = try Desk()
        try await append(try desk.ledger(), "1")
        #expect(unlink(desk.statePath("web1") + "/\(Desk.repositoryID)/web1/head") == 0)
        let away = StoreError(.unreachable, "away", subject: "", isTransient: true)
        let faulty = FaultyStore(desk.store, plan: [.list: [.fail(away)]])
        let error = await #expect(throws: LedgerError.self) { try await append(try desk.ledger(through: faulty), "2") }
        #expect(error?.code == .headUnknown)
        #expect(try await desk.ledger().append(kind: .alive, payload: Note(text: "2")).sequence == 2)
    }

    @Test("a store that lost the last event is told of, and the event that follows waits")
    func rolledBack() async throws {
        let desk = try Desk()
        for text in ["1", "2"] { try await append(try desk.ledger(), text) }
        let names = ["", ".payload"].map { "lifeboat/events/web1/000000000002\($0)" }
        let kept = try await desk.store.get(names[0])
        try await desk.store.delete(names)
        let error = await #expect(throws: LedgerError.self) { try await append(try desk.ledger(), "3") }
        #expect(error?.code == .rolledBack)
        #expect(places(try await desk.ledger().verify().problems) == ["rolledBack web1/2"])
        try await desk.replace(names[0], with: kept)
        try await desk.ledger().flush()
        #expect(try await desk.ledger().events(of: "web1").map(\.header.sequence) == [1, 2, 3])
    }

    @Test("killed between spool and store, or between store and record, the next process goes on")
    func killed() async throws {
        let desk = try Desk()
        try await append(try desk.ledger(), "1")
        try await copyState(desk, "web1", to: "before")
        let away = StoreError(.unreachable, "away", subject: "", isTransient: true)
        try await append(try desk.ledger(through: FaultyStore(desk.store, plan: [.get: [.fail(away)]])), "2")
        // The state as it was with the event in the spool, while the store has it.
        try await copyState(desk, "web1", to: "spooled")
        try await desk.ledger().flush()
        try await append(try desk.ledger(state: "spooled"), "3")
        let history = try await desk.ledger(state: "spooled").history(of: "web1")
        #expect(history.events.compactMap { $0.decode(as: Note.self)?.text } == ["1", "2", "3"])
        #expect(history.problems.isEmpty)
    }
}
