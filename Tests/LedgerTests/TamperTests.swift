import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Ledger

@Suite("Tampering with events") struct TamperTests {
    private func name(_ sequence: Int, payload: Bool = false) -> String {
        "lifeboat/events/web1/00000000000\(sequence)" + (payload ? ".payload" : "")
    }

    private func desk(events: Int = 4) async throws -> Desk {
        let desk = try Desk()
        let ledger = try desk.ledger()
        for number in 1...events { try await ledger.append(kind: .backup, payload: Note(text: "e", number: number)) }
        return desk
    }

    private func problems(_ desk: Desk) async throws -> [String] {
        // Read by a machine that remembers nothing.
        places(try await desk.ledger("auditor").verify().problems)
    }

    @Test("a deleted payload leaves a chain that verifies, and is said to be gone")
    func deletedPayload() async throws {
        let desk = try await desk()
        try await desk.store.delete([name(2, payload: true)])
        #expect(try await problems(desk) == [])
        let history = try await desk.ledger("auditor").history(of: "web1")
        #expect(history.goneCount == 1 && history.events[1].payload == .gone)
    }

    @Test("a missing event is a gap")
    func gap() async throws {
        let desk = try await desk()
        try await desk.store.delete([name(2), name(3)])
        #expect(try await problems(desk) == ["gap web1/2"])
        try await desk.store.delete([name(1)])
        #expect(try await problems(desk) == ["gap web1/1"])
    }

    @Test("a changed header cannot be opened, a changed payload is told of", arguments: [true, false])
    func changed(payload: Bool) async throws {
        let desk = try await desk()
        let place = name(2, payload: payload)
        var bytes = try await desk.store.get(place)
        bytes[bytes.count / 2] ^= 1
        try await desk.replace(place, with: bytes)
        #expect(try await problems(desk) == [payload ? "payloadDamaged web1/2" : "unreadable web1/2"])
    }

    @Test("swapped events, and swapped payloads, are not taken for each other")
    func swapped() async throws {
        let desk = try await desk()
        for payload in [false, true] {
            let (one, two) = (
                try await desk.store.get(name(2, payload: payload)), try await desk.store.get(name(3, payload: payload))
            )
            try await desk.replace(name(2, payload: payload), with: two)
            try await desk.replace(name(3, payload: payload), with: one)
            let kind = payload ? "payloadDamaged" : "unreadable"
            #expect(try await problems(desk) == ["\(kind) web1/2", "\(kind) web1/3"])
            try await desk.replace(name(2, payload: payload), with: one)
            try await desk.replace(name(3, payload: payload), with: two)
        }
    }

    /// Whoever has the repository's key, and not the node's, writes an event in another's place.
    private func forge(_ desk: Desk, _ sequence: UInt64, keepsKey: Bool, _ header: EventHeader) async throws {
        let seal = EventSeal(repositoryID: Desk.repositoryID, masterKey: desk.key)
        let forger = SigningKey.random()
        let salted = [UInt8](repeating: 1, count: 32) + Array("{}".utf8)
        let forged = EventHeader(
            repositoryID: header.repositoryID, node: header.node, sequence: header.sequence, previous: header.previous,
            time: header.time, kind: header.kind, payloadHash: SHA256.digest(salted),
            publicKey: keepsKey ? header.publicKey : forger.verifyingKey, seen: header.seen)
        try await desk.replace(name(Int(sequence)), with: try seal.seal(forged, signedBy: forger))
        try await desk.replace(
            name(Int(sequence), payload: true), with: try seal.sealPayload(salted, of: "web1", sequence))
    }

    @Test("an event forged with the repository's key breaks signature or key, and the chain behind it")
    func forged() async throws {
        for keepsKey in [true, false] {
            let desk = try await desk()
            let event = try #require(try await desk.ledger().events(of: "web1").dropFirst().first)
            try await forge(desk, 2, keepsKey: keepsKey, event.header)
            let expected = [keepsKey ? "badSignature web1/2" : "keyChanged web1/2", "fork web1/3"]
            #expect(try await problems(desk) == expected)
        }
    }

    @Test("a chain replaced or cut short at its end is told by what another node saw")
    func witness() async throws {
        let desk = try await desk()
        let witness = try desk.ledger("witness")
        try await witness.flush()
        try await witness.append(kind: .alive, payload: Note(text: "saw"))
        #expect(try await problems(desk) == [])
        let last = try #require(try await desk.ledger().events(of: "web1").last)
        try await desk.store.delete([name(4)])
        #expect(try await problems(desk) == ["rolledBack web1/4"])
        try await forge(desk, 4, keepsKey: false, last.header)
        #expect(try await problems(desk) == ["keyChanged web1/4", "fork web1/4"])
    }

    @Test("events of another repository, or under another key, are none")
    func foreign() async throws {
        let desk = try await desk(events: 1)
        let other = try Desk()
        let foreign = try Ledger(
            store: desk.store, repositoryID: Desk.repositoryID, key: other.key, node: "auditor",
            folder: desk.statePath("auditor"), now: { EventTime(seconds: 0) })
        #expect(places(try await foreign.verify().problems) == ["unreadable web1/1"])
    }
}
