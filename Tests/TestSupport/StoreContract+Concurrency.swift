import ObjectStore
import Testing

extension StoreContract {
    static let conditions: [Claim] = [
        Claim("a put on condition of absence leaves what is there", [.conditions]) { store async throws in
            try await store.put("locks/1", [1, 2, 3][...], digest: nil, condition: .ifAbsent)
            await expect(.alreadyExists) {
                try await store.put("locks/1", [9][...], digest: nil, condition: .ifAbsent)
            }
            #expect(try await store.get("locks/1") == [1, 2, 3])
            try await store.delete("locks/1")
            try await store.put("locks/1", [4][...], digest: nil, condition: .ifAbsent)
            #expect(try await store.get("locks/1") == [4])
        },
        Claim("of writers that race on condition of absence one wins", [.conditions]) { store async throws in
            for round in 0..<5 {
                let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
                    for writer in 0..<UInt8(8) {
                        group.addTask {
                            do {
                                let bytes = [UInt8](repeating: writer, count: 100)
                                try await store.put("race/\(round)", bytes[...], digest: nil, condition: .ifAbsent)
                                return writer
                            } catch let error as StoreError where error.code == .alreadyExists {
                                return nil
                            }
                        }
                    }
                    return try await group.reduce(into: [UInt8]()) { list, winner in
                        if let winner { list.append(winner) }
                    }
                }
                #expect(winners.count == 1)
                let stored = try await store.get("race/\(round)")
                #expect(stored == [UInt8](repeating: winners[0], count: 100))
            }
        },
    ]

    static let concurrency: [Claim] = [
        Claim("many tasks may put, get, list and delete at once") { store async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for turn in 0..<6 {
                            let name = "work/\(worker)/\(turn)"
                            let bytes = bytes(1 + 20_000 * turn, seed: UInt64(worker + 1))
                            try await store.put(name, bytes)
                            #expect(try await same(store.get(name), bytes))
                            let listed = try await store.list(prefix: "work/\(worker)/")
                            #expect(listed.count == turn + 1)
                        }
                        try await store.delete("work/\(worker)/0")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.list(prefix: "work/").count == 40)
        },
        Claim("a reader sees an object whole, old or new, while it is replaced", [.atomicReplacing]) {
            store async throws in
            let versions = (0..<4).map { [UInt8](repeating: UInt8($0), count: 200_000 + $0 * 1000) }
            try await store.put("swap", versions[0])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for turn in 1...12 { try await store.put("swap", versions[turn % 4]) }
                }
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<12 {
                            let got = try await store.get("swap")
                            #expect(versions.contains { same($0, got) })
                        }
                    }
                }
                try await group.waitForAll()
            }
        },
        Claim("a put that was cancelled leaves no part of an object") { store async throws in
            let big = bytes(16 << 20)
            for turn in 0..<4 {
                let put = Task { try await store.put("cancelled/\(turn)", big) }
                for _ in 0..<(turn * 40) { await Task.yield() }
                put.cancel()
                switch await put.result {
                case .success: #expect(try await same(store.get("cancelled/\(turn)"), big))
                case .failure(let error): #expect((error as? StoreError)?.code == .cancelled, "\(error)")
                }
            }
            for info in try await store.list(prefix: "") { #expect(info.byteCount == UInt64(big.count)) }
        },
        Claim("a task that is already cancelled changes nothing") { store async throws in
            try await store.put("stays", [1])
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await expect(.cancelled) { try await store.put("new", [1]) }
                await expect(.cancelled) { _ = try await store.get("stays") }
                await expect(.cancelled) { _ = try await store.list(prefix: "") }
                await expect(.cancelled) { try await store.delete("stays") }
            }
            await task.value
            #expect(try await store.list(prefix: "").map(\.name) == ["stays"])
        },
    ]
}
