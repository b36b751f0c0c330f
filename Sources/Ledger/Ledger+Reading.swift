import ObjectStore
import Sealing

extension Ledger {
    private static let readWidth = 8

    /// All nodes that ever wrote an event, in the order of their names' bytes in the store.
    public func nodes() async throws -> [String] {
        var nodes = [String]()
        var after: String?
        while true {
            let page = try await store.list(prefix: EventName.root, after: after, limit: 1)
            guard let first = page.objects.first else { return nodes }
            guard let node = EventName.node(first.name) else {
                after = first.name
                continue
            }
            nodes.append(node)
            after = EventName.end(node)
        }
    }

    /// All events of a node in their order, each proven as far as can be; what is wrong is told, not thrown.
    ///
    /// - Throws: `StoreError` when the store cannot be read.
    public func history(of node: String) async throws -> NodeHistory {
        let numbers = try await headerNumbers(of: node, after: 0)
        var reading = HistoryReading(node: node, repositoryID: seal.repositoryID)
        for start in stride(from: 0, to: numbers.count, by: Ledger.readWidth) {
            let batch = numbers[start..<min(numbers.count, start + Ledger.readWidth)]
            let read = try await withThrowingTaskGroup(of: ReadEvent.self) { group in
                for number in batch { group.addTask { try await self.read(node, number) } }
                return try await group.reduce(into: [ReadEvent]()) { $0.append($1) }
            }
            for event in read.sorted(by: { $0.sequence < $1.sequence }) { reading.take(event) }
        }
        return reading.history
    }

    /// The events of a node; see `history(of:)`, which also tells what is wrong.
    public func events(of node: String) async throws -> [Event] { try await history(of: node).events }

    func read(_ node: String, _ sequence: UInt64) async throws -> ReadEvent {
        let stored = try await store.get(EventName.header(node, sequence))
        var read = ReadEvent(sequence: sequence, signed: Result { try seal.open(stored, of: node, sequence) })
        do {
            let payload = try await store.get(EventName.payload(node, sequence))
            // Why it does not open does not matter: it is not the payload that was signed.
            read.salted = (try? seal.openPayload(payload, of: node, sequence)) ?? []
        } catch {
            guard error.code == .notFound else { throw error }
            read.salted = nil
        }
        return read
    }

    /// Running numbers of a node's stored headers behind `sequence`, in order.
    func headerNumbers(of node: String, after sequence: UInt64) async throws -> [UInt64] {
        var numbers = [UInt64]()
        var after: String? = sequence == 0 ? nil : EventName.payload(node, sequence)
        while true {
            let page = try await store.list(prefix: EventName.folder(node), after: after, limit: 1000)
            numbers += page.objects.compactMap { EventName.sequence($0.name, of: node) }
            guard page.hasMore, let last = page.objects.last else { return numbers }
            after = last.name
        }
    }

    func signedHeader(of node: String, _ sequence: UInt64) async throws -> SignedHeader {
        try seal.open(try await store.get(EventName.header(node, sequence)), of: node, sequence)
    }

    /// The last events of other nodes, beginning at what was seen before.
    func heads(after seen: [String: NodeMemory.Head]) async throws -> [String: NodeMemory.Head] {
        var seen = seen
        for other in try await nodes().prefix(EventHeader.largestHeadCount) where other != node {
            guard let last = try await headerNumbers(of: other, after: seen[other]?.sequence ?? 0).last else {
                continue
            }
            do {
                let signed = try await signedHeader(of: other, last)
                if signed.isSigned { seen[other] = NodeMemory.Head(signed.header.head) }
            } catch let error as StoreError {
                throw error
            } catch {
                // What cannot be opened is no event to bear witness of; `verify` tells of it.
            }
        }
        return seen
    }
}

/// An event as it came from the store.
struct ReadEvent: Sendable {
    let sequence: UInt64
    let signed: Result<SignedHeader, any Error>
    /// nil when it is gone, empty when it cannot be opened.
    var salted: [UInt8]?

    init(sequence: UInt64, signed: Result<SignedHeader, any Error>) {
        self.sequence = sequence
        self.signed = signed
    }

    /// What is to be had of the payload: what the header says, or nothing.
    func payload(signedBy header: EventHeader) -> Event.Payload {
        guard let salted else { return .gone }
        guard salted.count >= EventSeal.saltByteCount, SHA256.digest(salted) == header.payloadHash else {
            return .damaged
        }
        return .present(Array(salted.dropFirst(EventSeal.saltByteCount)))
    }
}
