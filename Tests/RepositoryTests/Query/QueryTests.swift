import Foundation
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite struct QueryTests {
    /// Two snapshots of a folder that restic took, with hard links, symlinks, and changes between them.
    private func bench() async throws -> (Bench, [SnapshotEntry]) {
        let bench = try await Bench.make()
        let source = try TemporaryFolder("source")
        let first = """
            cd \(source.path) && mkdir -p d/e gone && seq 5000 > d/big && echo one > d/e/one && ln d/e/one link && ln -s one soft
            echo same > same && echo same > twin && touch empty gone/a gone/b && echo x > kind && chmod 600 same
            """
        let second = """
            cd \(source.path) && rm -r gone && echo two > d/e/two && echo ONE > d/e/new && seq 5001 > d/big && rm soft && ln -s two soft
            rm kind && mkdir kind && touch kind/inside && chmod 644 same
            """
        for script in [first, second] {
            _ = try await Tool.run("sh", ["-ec", script])
            try await bench.restic("backup", source.path)
        }
        return (bench, try await bench.repository.snapshots().entries)
    }

    @Test("figures are those of restic", arguments: StatsMode.allCases)
    func stats(_ mode: StatsMode) async throws {
        struct Stats: Decodable {
            let total_size: UInt64
            let total_file_count: Int?
            let total_blob_count: Int?
        }
        let (bench, snapshots) = try await bench()
        let json = try await bench.restic("stats", "--json", "--mode", mode.rawValue)
        let expected = try JSONDecoder().decode(Stats.self, from: Data(json.utf8))
        let report = try await bench.repository.indexed().stats(snapshots, mode: mode)
        #expect(report.snapshotCount == 2)
        // restic takes the same name with another content for one file, and a content of no blobs for no file.
        guard mode != .blobsPerFile else {
            #expect(report.blobCount > 5 && report.byteCount > 40_000)
            return
        }
        #expect(report.byteCount == expected.total_size)
        if mode != .rawData { #expect(report.fileCount == expected.total_file_count) }
        if mode == .rawData { #expect(report.blobCount == expected.total_blob_count && report.compressionRatio > 1) }
    }

    @Test("differences are those restic finds")
    func diff() async throws {
        let (bench, snapshots) = try await bench()
        let changes = Collected<TreeChange>()
        let indexed = try await bench.repository.indexed()
        let report = try await indexed.diff(snapshots[0].tree, snapshots[1].tree, includesMetadata: true) {
            changes.add($0)
        }
        func line(_ kind: String, _ path: String) -> String {
            kind + " " + (path.hasSuffix("/") ? String(path.dropLast()) : path)
        }
        // Where a directory has taken the place of a file, restic tells the directory alone; of a link it does not look at
        // the target. Directories change with what is in them.
        let ours = Set(
            changes.all.filter { !($0.kind == .metadata && $0.isDirectory) }.map {
                line($0.after?.metadata.kind == .symlink ? "U" : $0.kind.rawValue, RawPath.printable($0.path))
            }.filter { !$0.hasSuffix("/kind/inside") })
        let text = try await bench.restic("diff", "--metadata", snapshots[0].id.hex, snapshots[1].id.hex)
        let theirs = Set(
            text.split(separator: "\n").filter { $0.contains(" /") && !($0.hasPrefix("U") && $0.hasSuffix("/")) }.map {
                line(String($0.prefix(1)), String($0.drop { $0 != "/" }))
            })
        #expect(ours == theirs)
        #expect(report.modifiedCount == 2)
        #expect(report.added.fileCount == 3 && report.removed.fileCount == 3)
        #expect(report.added.dataBlobCount == 3 && report.removed.dataBlobCount == 2)
    }

    @Test("a snapshot and itself do not differ")
    func noDiff() async throws {
        let (bench, snapshots) = try await bench()
        let indexed = try await bench.repository.indexed()
        let report = try await indexed.diff(snapshots[0].tree, snapshots[0].tree) { _ in
            Issue.record("nothing differs")
        }
        #expect(report == DiffReport())
    }

    private func find(_ bench: Bench, _ snapshots: [SnapshotEntry], _ change: (inout FindSettings) throws -> Void)
        async throws -> [String]
    {
        var settings = FindSettings()
        try change(&settings)
        let matches = Collected<String>()
        try await bench.repository.indexed().find(settings, in: snapshots) { snapshot, match in
            let name = match.path.last.map { RawName.printable($0) } ?? "/"
            matches.add(
                "\(snapshots.firstIndex(of: snapshot) ?? -1) \(name)\(match.blob == nil ? "" : "=\(match.blob?.short ?? "")")"
            )
        }
        return matches.all
    }

    @Test("names are found in every snapshot, by pattern, case and time")
    func findNames() async throws {
        let (bench, snapshots) = try await bench()
        #expect(try await find(bench, snapshots) { $0.patterns = try PatternList(["o*e"]) } == ["0 one", "1 one"])
        let anyCase = try await find(bench, snapshots) {
            $0.patterns = try PatternList(["two", "ne*"])
            $0.ignoresCase = true
        }
        #expect(anyCase == ["1 new", "1 two"])
        let none = try await find(bench, snapshots) {
            $0.patterns = try PatternList(["one"])
            $0.newest = Timestamp(seconds: 0)
        }
        #expect(none == [])
    }

    @Test("blobs, trees and packs are found by the beginning of their IDs")
    func findIDs() async throws {
        let (bench, snapshots) = try await bench()
        let indexed = try await bench.repository.indexed()
        let content = BlobID(SHA256.digest(Array("same\n".utf8)))
        let found = try await find(bench, snapshots) { $0.blobs = [content.short] }
        #expect(found == ["0 same", "0 twin", "1 same", "1 twin"].map { "\($0)=\(content.short)" })
        let root = try await find(bench, snapshots) { $0.trees = [snapshots[1].tree.hex] }
        #expect(root == ["1 /=\(snapshots[1].tree.short)"])
        let entry = try #require(indexed.table.find(content, .data))
        let pack = indexed.table.packs[indexed.table.place(of: entry).pack]
        let inPack = try await find(bench, snapshots) { $0.packs = [pack.short] }
        #expect(Set(found).isSubset(of: inPack))
    }

    @Test("a node is found by its path, and a walk goes where it is told")
    func paths() async throws {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 5)
        var tree = maker.tree(30)
        tree.set("data/a/b/c", .file([1, 2]))
        let snapshot = try await bench.backup(tree)
        let indexed = try await bench.repository.indexed()
        func parts(_ text: String) -> [[UInt8]] { text.split(separator: "/").map { Array($0.utf8) } }
        #expect(try await indexed.node(at: parts("data/a/b/c"), in: snapshot.tree)?.metadata.byteCount == 2)
        #expect(try await indexed.node(at: [], in: snapshot.tree) == nil)
        await #expect { try await indexed.node(at: parts("data/a/nothing"), in: snapshot.tree) } throws: {
            ($0 as? RepositoryError)?.code == .pathMissing
        }
        let all = Collected<String>()
        try await indexed.walk(snapshot.tree) { path, node in
            if node.metadata.kind == .file { all.add(path.map { "/" + RawName.printable($0) }.joined()) }
            return true
        }
        #expect(Set(all.all) == Set(tree.files.keys))
        #expect(
            all.all == all.all.sorted { $0.split(separator: "/").lexicographicallyPrecedes($1.split(separator: "/")) })
        let top = Collected<String>()
        try await indexed.walk(snapshot.tree) { path, _ in
            top.add("\(path.count)")
            return false
        }
        #expect(top.all == ["1"])
    }
}
