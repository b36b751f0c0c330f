import Sealing
import Testing
import Trees

@testable import Repository

@Suite struct TreeWalkTests {
    @Test("a walk visits every tree once and marks every blob that files need", arguments: [1, 4])
    func visits(_ threadCount: Int) async throws {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 11)
        let first = maker.tree(80)
        let snapshots = [try await bench.backup(first), try await bench.backup(maker.changed(first))]
        let indexed = try await bench.repository.indexed()
        let visited = Collected<BlobID>()
        var walk = TreeWalk(indexed)
        walk.threadCount = threadCount
        try await walk.run(snapshots.map(\.tree)) {
            visited.add($0.id)
        } unreadable: { _, _, error in
            throw error
        }
        #expect(Set(visited.all).count == visited.all.count)
        let use = try await indexed.use(from: snapshots.map(\.tree))
        // Both snapshots together need everything that was stored.
        #expect(use.count == indexed.table.count)
        #expect(use.missing.isEmpty && use.unreadable.isEmpty)
        let one = try await indexed.use(from: [snapshots[0].tree])
        #expect(one.count < use.count)
    }

    @Test("a missing tree is told once, with where it was looked for, and the walk goes on")
    func missing() async throws {
        let bench = try await Bench.make()
        let lost = BlobID(SHA256.digest([1]))
        let metadata = Metadata(kind: .directory, permissions: 0o755, modified: Timestamp(seconds: 0))
        let empty = try await bench.store(tree: [])
        let root = try await bench.store(tree: [
            Node(name: Array("a".utf8), metadata: metadata, subtree: lost),
            Node(name: Array("b".utf8), metadata: metadata, subtree: lost),
            Node(name: Array("c".utf8), metadata: metadata, subtree: empty),
        ])
        let indexed = try await bench.repository.indexed()
        let places = Collected<String>()
        let visited = Collected<BlobID>()
        try await TreeWalk(indexed).run([root]) {
            visited.add($0.id)
        } unreadable: { id, place, _ in
            places.add("\(id.short) \(RawName.printable(place.path))")
        }
        #expect(places.all.count == 1)
        #expect(places.all.first.map { $0.hasPrefix(lost.short) } == true)
        #expect(Set(visited.all) == [root, empty])
    }

    @Test("what a visitor throws ends the walk and is what the caller hears of")
    func failing() async throws {
        struct Enough: Error {}
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 12)
        let snapshot = try await bench.backup(maker.tree(50))
        let indexed = try await bench.repository.indexed()
        await #expect(throws: Enough.self) {
            try await TreeWalk(indexed).run([snapshot.tree]) { _ in
                throw Enough()
            } unreadable: { _, _, _ in
            }
        }
    }

    @Test("a chain of directories that is too deep ends at the limit, without overflow")
    func deep() async throws {
        let bench = try await Bench.make()
        let writer = BlobWriter(try await bench.repository.indexed(), settings: WriterSettings())
        let metadata = Metadata(kind: .directory, permissions: 0o755, modified: Timestamp(seconds: 0))
        let depth = Limits.treeDepth + 50
        let root = try await Threads.run("store") {
            let tools = writer.tools()
            var below: BlobID?
            for number in 0..<depth {
                var builder = TreeBuilder()
                if let below { builder.append(Node(name: Array("d".utf8), metadata: metadata, subtree: below)) }
                if below == nil {
                    builder.append(
                        Node(
                            name: Array("\(number)".utf8),
                            metadata: Metadata(kind: .fifo, permissions: 0, modified: Timestamp(seconds: 0))))
                }
                below = try builder.finish().withUnsafeBytes { try writer.store($0, .tree, tools: tools).id }
            }
            return below
        }
        _ = try await writer.finish()
        let indexed = try await bench.repository.indexed()
        let visited = Collected<Int>()
        let failures = Collected<String>()
        try await TreeWalk(indexed).run([try #require(root)]) {
            visited.add($0.place.depth)
        } unreadable: { _, _, error in
            failures.add("\(error)")
        }
        #expect(visited.all.max() == Limits.treeDepth)
        #expect(failures.all.count == 1)
    }
}
