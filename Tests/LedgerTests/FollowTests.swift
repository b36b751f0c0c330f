import ObjectStore
import Sealing
import Testing

@testable import Ledger

@Suite("Events read some at a time")
struct FollowTests {
    private func desk(events count: Int = 6) async throws -> Desk {
        let desk = try Desk()
        let ledger = try desk.ledger()
        for number in 1...count {
            try await ledger.append(kind: .backup, payload: Note(text: "night", number: number))
        }
        return desk
    }

    private func name(_ sequence: UInt64) -> String { EventName.header("web1", sequence) }

    @Test("what is sound is read as the whole history has it, in any choice of numbers")
    func sound() async throws {
        let desk = try await desk()
        let ledger = try desk.ledger("reader")
        let whole = try await ledger.events(of: "web1")
        #expect(try await ledger.sequences(of: "web1", after: 2) == [3, 4, 5, 6])
        for numbers in [[1, 2, 3, 4, 5, 6], [6], [1], [2, 3, 5], []] as [[UInt64]] {
            let batch = try await ledger.events(of: "web1", numbered: numbers)
            #expect(batch.problems.isEmpty)
            #expect(batch.events.map(\.header) == whole.map(\.header).filter { numbers.contains($0.sequence) })
            #expect(batch.events.map(\.payload) == numbers.map { whole[Int($0) - 1].payload })
        }
    }

    /// Puts another header in the place of one, signed by whoever has the repository's key only.
    private func forge(_ desk: Desk, _ header: EventHeader, time: Int64) async throws {
        let forged = EventHeader(
            repositoryID: header.repositoryID, node: header.node, sequence: header.sequence, previous: header.previous,
            time: EventTime(seconds: time), kind: header.kind, payloadHash: header.payloadHash,
            publicKey: header.publicKey, seen: header.seen)
        let seal = EventSeal(repositoryID: Desk.repositoryID, masterKey: desk.key)
        try await desk.replace(name(header.sequence), with: try seal.seal(forged, signedBy: SigningKey.random()))
    }

    @Test(
        "an event that another key signed is left out, wherever it stands, and those around it are not",
        arguments: 1...6)
    func forged(number: Int) async throws {
        let desk = try await desk()
        let header = try await desk.ledger("reader").events(of: "web1")[number - 1].header
        try await forge(desk, header, time: 1)
        let batch = try await desk.ledger("reader").events(of: "web1", numbered: [1, 2, 3, 4, 5, 6])
        #expect(places(batch.problems) == ["badSignature web1/\(number)"])
        #expect(batch.events.map(\.header.sequence) == (1...6).filter { $0 != UInt64(number) })
    }

    @Test("a run of forged events, each naming the one before, is not believed by its end")
    func chain() async throws {
        let desk = try await desk()
        let headers = try await desk.ledger("reader").events(of: "web1").map(\.header)
        let seal = EventSeal(repositoryID: Desk.repositoryID, masterKey: desk.key)
        let forger = SigningKey.random()
        var previous = headers[2].hash
        for header in headers[3...] {
            let forged = EventHeader(
                repositoryID: header.repositoryID, node: header.node, sequence: header.sequence, previous: previous,
                time: EventTime(seconds: 1), kind: header.kind, payloadHash: header.payloadHash,
                publicKey: header.publicKey)
            previous = forged.hash
            try await desk.replace(name(header.sequence), with: try seal.seal(forged, signedBy: forger))
        }
        let batch = try await desk.ledger("reader").events(of: "web1", numbered: [1, 2, 3, 4, 5, 6])
        #expect(places(batch.problems) == [4, 5, 6].map { "badSignature web1/\($0)" })
        #expect(batch.events.map(\.header) == Array(headers[..<3]))
    }

    @Test("payloads that are damaged, gone or swapped, and objects that do not open, are told apart")
    func payloads() async throws {
        let desk = try await desk()
        let payload = { (number: UInt64) in EventName.payload("web1", number) }
        try await desk.store.delete([payload(2)])
        try await desk.replace(payload(3), with: [1, 2, 3])
        try await desk.replace(name(5), with: try await desk.store.get(name(4)))
        let batch = try await desk.ledger("reader").events(of: "web1", numbered: [1, 2, 3, 4, 5, 6])
        #expect(places(batch.problems) == ["payloadDamaged web1/3", "unreadable web1/5"])
        #expect(batch.events.map(\.header.sequence) == [1, 2, 4, 6])
        #expect(batch.events[1].payload == .gone)
    }
}
