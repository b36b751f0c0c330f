import ObjectStore
import Sealing

extension Ledger {
    /// What this machine knows of the store. A machine that has the node's key but no record asks the store.
    func memory(_ key: (key: SigningKey, isNew: Bool)) async throws -> NodeMemory {
        if let memory = try await lane.run({ () throws(LedgerError) in try self.state.memory() }) { return memory }
        var memory = NodeMemory()
        if !key.isNew {
            do {
                memory.head = try await adoptedHead(key.key.verifyingKey).map { NodeMemory.Head($0) }
            } catch let error as StoreError {
                throw LedgerError(
                    .headUnknown, "the node's last event is not known here, and the store cannot be asked",
                    subject: node, hint: "try again when the store can be reached", cause: error)
            }
        }
        let found = memory
        try await lane.run { () throws(LedgerError) in try self.state.save(found) }
        return found
    }

    private func adoptedHead(_ key: VerifyingKey) async throws -> EventHead? {
        guard let last = try await headerNumbers(of: node, after: 0).last else { return nil }
        let signed = try await signedHeader(of: node, last)
        guard signed.isSigned, signed.header.publicKey == key else {
            throw forked(ours: nil, theirs: signed.header.head)
        }
        return signed.header.head
    }

    /// Stores what waits, in order, after proving that the store stands where we left it.
    func store(_ known: NodeMemory, _ key: VerifyingKey) async throws {
        var memory = known
        let stored = memory.head?.sequence ?? 0
        let waiting = try await lane.run { () throws(LedgerError) -> [UInt64] in
            let all = try self.state.spooled()
            for sequence in all where sequence <= stored { try self.state.unspool(sequence) }
            return all.filter { $0 > stored }
        }
        guard waiting.elementsEqual(stored + 1..<stored + 1 + UInt64(waiting.count)) else {
            throw LedgerError(
                .stateUnusable, "the spool lacks events after \(node)/\(stored)", subject: state.folder,
                hint: "events were removed from this machine's disk; restore the folder")
        }
        try await prove(memory, waiting)
        for sequence in waiting {
            let event = try await lane.run { () throws(LedgerError) in try self.state.spooled(sequence) }
            let head = try seal.open(event.header, of: node, sequence).header.head
            // The payload first: an event that can be seen is complete.
            try await put(EventName.payload(node, sequence), event.payload, head)
            try await put(EventName.header(node, sequence), event.header, head)
            memory.head = NodeMemory.Head(head)
            try await remember(memory, unspooling: sequence)
        }
        memory.seen = try await heads(after: memory.seen)
        try await remember(memory, unspooling: nil)
    }

    private func remember(_ memory: NodeMemory, unspooling sequence: UInt64?) async throws {
        try await lane.run { () throws(LedgerError) in
            try self.state.save(memory)
            if let sequence { try self.state.unspool(sequence) }
        }
    }

    /// The store has our last event, and none behind it that we did not write.
    private func prove(_ memory: NodeMemory, _ waiting: [UInt64]) async throws {
        let ours = memory.head?.head(of: node)
        if let ours {
            let there: EventHead
            do {
                there = try await signedHeader(of: node, ours.sequence).header.head
            } catch let error as StoreError where error.code == .notFound {
                throw LedgerError(
                    .rolledBack, "the store has lost the node's last event \(ours.short)", subject: store.location,
                    hint: "somebody removed it or brought back an older state; restore lifeboat/events from a replica",
                    cause: error)
            }
            guard there == ours else { throw forked(ours: ours, theirs: there) }
        }
        let behind = try await headerNumbers(of: node, after: ours?.sequence ?? 0)
        if let last = behind.last, !waiting.contains(last) {
            throw forked(ours: ours, theirs: try await signedHeader(of: node, last).header.head)
        }
    }

    /// Stores bytes under a name that nobody else may use, and reads them back: not every store honours the condition, and an
    /// answer is no proof of content.
    private func put(_ name: String, _ bytes: [UInt8], _ head: EventHead) async throws {
        var wasThere = false
        do {
            try await store.put(name, bytes[...], digest: nil, condition: .ifAbsent)
        } catch {
            switch error.code {
            case .alreadyExists: wasThere = true
            case .failed: try await putWithoutCondition(name, bytes)
            default: throw error
            }
        }
        let stored = try await store.get(name)
        if stored == bytes { return }
        guard isOurs(stored, name, head) else {
            // No event of anybody's: an upload of ours that was cut off. Nothing is lost by storing it once more.
            if wasThere { try await store.put(name, bytes) }
            guard wasThere, try await store.get(name) == bytes else {
                throw StoreError(.corrupt, "the store gives back other bytes than it was given", subject: name)
            }
            return
        }
        let theirs = try? await signedHeader(of: node, head.sequence).header.head
        throw forked(
            ours: head, theirs: theirs ?? EventHead(node: node, sequence: head.sequence, hash: SHA256.digest(stored)))
    }

    /// The server knows no conditions: look first. What is written in between by another shows when it is read back.
    private func putWithoutCondition(_ name: String, _ bytes: [UInt8]) async throws {
        do {
            _ = try await store.head(name)
        } catch {
            guard error.code == .notFound else { throw error }
            try await store.put(name, bytes)
        }
    }

    /// Was it sealed by a holder of the repository's key, under this name?
    private func isOurs(_ stored: [UInt8], _ name: String, _ head: EventHead) -> Bool {
        let isPayload = name.hasSuffix(EventName.payloadSuffix)
        // Why it does not open does not matter: then it is not an event.
        if isPayload { return (try? seal.openPayload(stored, of: node, head.sequence)) != nil }
        return (try? seal.open(stored, of: node, head.sequence)) != nil
    }

    private func forked(ours: EventHead?, theirs: EventHead) -> LedgerError {
        LedgerError(
            .forked,
            "the store's last event \(theirs.short) is not ours, which is \(ours?.short ?? "unknown here")",
            subject: store.location,
            hint: "another machine uses the name or a copy of the state of this node, or its state folder is older than"
                + " the store; find out which, then give one of them another node name")
    }
}
