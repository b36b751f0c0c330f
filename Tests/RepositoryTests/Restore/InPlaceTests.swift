import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a restore into a folder that holds something")
struct InPlaceTests {
    /// A stage with a tree of small and large files, backed up.
    private func stage(_ place: Place = .directory, seed: UInt64) async throws -> (Stage, String, Snapshot) {
        let stage = try await Stage(place)
        let maker = try stage.makeFolder("tree")
        var generator = SeededGenerator(seed: seed)
        for number in 0..<10 { try maker.file(Array("large-\(number)".utf8), generator.bytes(3_000_000)) }
        let below = try maker.directory("below")
        for number in 0..<40 { try below.file(Array("small-\(number)".utf8), generator.bytes(2_000)) }
        let path = stage.folder("tree")
        let result = try await stage.backup(path) { $0.archive.writer.packByteCount = 1 << 20 }
        return (stage, path, result.snapshot)
    }

    private func flip(_ path: String, at offset: Int) throws {
        let file = open(path, O_RDWR)
        guard file >= 0 else { throw SystemError("open") }
        defer { close(file) }
        var byte: UInt8 = 0
        guard pread(file, &byte, 1, offset) == 1 else { throw SystemError("read") }
        byte ^= 1
        guard pwrite(file, &byte, 1, offset) == 1 else { throw SystemError("write") }
    }

    private func differences(_ stage: Stage, _ path: String) throws -> [String] {
        try TreeComparison.differences(path, stage.folder("back")).filter { !$0.hasPrefix(".:") }
    }

    @Test("fetches the one blob that differs and nothing else", arguments: Place.all)
    func oneByte(place: Place) async throws {
        let (stage, path, snapshot) = try await stage(place, seed: 81)
        let first = try await stage.restore(snapshot, at: path, to: stage.folder("back"))
        #expect(first.messages == [] && first.result.writtenByteCount == first.result.byteCount)
        #expect(try differences(stage, path) == [])

        try flip(stage.folder("back/large-4"), at: 1_500_000)
        try flip(stage.folder("back/below/small-7"), at: 0)
        let watched = WatchedStore(stage.store)
        let second = try await stage.restore(snapshot, at: path, to: stage.folder("back"), through: watched)
        #expect(second.result.unchangedFileCount == second.result.fileCount - 2)
        let content = try #require(try await stage.nodes(snapshot, at: path)["/large-4"]).content
        let table = try await stage.repository.indexed().table
        let sizes = content.compactMap { table.find($0, .data).map { table.place(of: $0).plainByteCount } }
        #expect(sizes.contains { UInt64($0) + 2_000 == second.result.writtenByteCount })
        let packs = watched.readNames.filter { $0.hasPrefix(Layout.packs) }
        #expect(packs.count <= 5, "two blobs and the trees: \(packs)")
        #expect(try differences(stage, path) == [])
    }

    @Test("goes on where a cancelled one stopped, and fetches less", arguments: Place.all)
    func resumed(place: Place) async throws {
        let (stage, path, snapshot) = try await stage(place, seed: 82)
        let reached = Gate()
        let read = Counter()
        let watched = WatchedStore(stage.store) { operation, name async throws(StoreError) in
            if operation == .get, name.hasPrefix(Layout.packs), read.add() == 14 { reached.open() }
        }
        let task = Task { try await stage.restore(snapshot, at: path, to: stage.folder("back"), through: watched) }
        await reached.pass()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let again = try await stage.restore(snapshot, at: path, to: stage.folder("back"))
        #expect(again.result.writtenByteCount < again.result.byteCount - 3_000_000)
        #expect(again.result.writtenByteCount > 0)
        #expect(again.messages == [])
        #expect(try differences(stage, path) == [])
    }

    @Test("removes what the snapshot does not have only when told to, and keeps what is excluded")
    func deletes() async throws {
        let (stage, path, snapshot) = try await stage(seed: 83)
        try await stage.restore(snapshot, at: path, to: stage.folder("back"))
        let back = try TreeMaker(stage.folder("back"))
        try back.file("extra", "x")
        try back.file("extra.keep", "x")
        let folder = try back.directory("extra-folder")
        try folder.file("inside", "x")
        try folder.symlink("out", to: stage.folder("tree"))
        let below = try TreeMaker(stage.folder("back/below"))
        try below.file("extra", "x")
        let kept = try await stage.restore(snapshot, at: path, to: stage.folder("back"))
        #expect(kept.result.deletedCount == 0 && access(stage.folder("back/extra"), F_OK) == 0)

        func restore(isDryRun: Bool) async throws -> RestoreReport {
            try await stage.restore(snapshot, at: path, to: stage.folder("back")) { settings in
                settings.deletes = true
                settings.isDryRun = isDryRun
                settings.exclude = try! PatternList(["*.keep"])
            }
        }
        let dry = try await restore(isDryRun: true)
        #expect(dry.result.deletedCount == 3 && access(stage.folder("back/extra"), F_OK) == 0)
        let real = try await restore(isDryRun: false)
        #expect(real.result.deletedCount == 3 && real.messages == [])
        #expect(try differences(stage, path) == ["/\"extra.keep\": only on the right"])
    }

    @Test("deletes nothing where include patterns do not lead")
    func deletesOnlySelected() async throws {
        let (stage, path, snapshot) = try await stage(seed: 84)
        try await stage.restore(snapshot, at: path, to: stage.folder("back"))
        try TreeMaker(stage.folder("back")).file("extra", "x")
        try TreeMaker(stage.folder("back/below")).file("extra", "x")
        let report = try await stage.restore(snapshot, at: path, to: stage.folder("back")) { settings in
            settings.deletes = true
            settings.include = try! PatternList(["/below"])
        }
        #expect(report.result.deletedCount == 1)
        #expect(access(stage.folder("back/extra"), F_OK) == 0 && access(stage.folder("back/below/extra"), F_OK) != 0)
    }

    @Test("changes nothing in a dry run, and counts what would be written")
    func dryRun() async throws {
        let (stage, path, snapshot) = try await stage(seed: 85)
        let dry = try await stage.restore(snapshot, at: path, to: stage.folder("back")) { $0.isDryRun = true }
        #expect(try OpenFolder(stage.folder("back")).names() == [])
        #expect(dry.result.writtenByteCount == dry.result.byteCount && dry.result.fileCount == 50)
        try await stage.restore(snapshot, at: path, to: stage.folder("back"))
        let (before, packs) = (
            try OpenFolder(stage.folder("back")).status(Array("below".utf8)), WatchedStore(stage.store)
        )
        let again = try await stage.restore(snapshot, at: path, to: stage.folder("back"), through: packs) {
            $0.isDryRun = true
            $0.verifies = true
        }
        let after = try OpenFolder(stage.folder("back")).status(Array("below".utf8))
        #expect(again.result.unchangedFileCount == 50 && again.result.writtenByteCount == 0)
        #expect([before.st_ctim.tv_sec, before.st_ctim.tv_nsec] == [after.st_ctim.tv_sec, after.st_ctim.tv_nsec])
    }

    @Test("selects by include and exclude patterns, and restores a sub-tree or a single file")
    func selection() async throws {
        let (stage, path, snapshot) = try await stage(seed: 86)
        func names(_ include: [String], _ exclude: [String], at place: String) async throws -> [String] {
            let target = stage.folder("part-\(S3Server.freshPrefix())")
            try await stage.restore(snapshot, at: place, to: target) { settings in
                settings.include = try! PatternList(include)
                settings.exclude = try! PatternList(exclude)
            }
            let output = try await Tool.run("find", [target, "-type", "f", "-printf", "%P\n"])
            return output.split(separator: "\n").map(String.init).sorted()
        }
        #expect(try await names(["large-[12]"], [], at: path) == ["large-1", "large-2"])
        #expect(try await names(["/below/small-3"], [], at: path) == ["below/small-3"])
        #expect(try await names([], ["large-*", "small-?"], at: path).count == 30)
        #expect(try await names(["small-1*"], ["small-11"], at: path + "/below").count == 10)
    }

    @Test("verifies afterwards, and tells of a byte that flipped, a byte too many, and a file that went")
    func verifying() async throws {
        let (stage, path, snapshot) = try await stage(seed: 87)
        let report = try await stage.restore(snapshot, at: path, to: stage.folder("back")) { $0.verifies = true }
        #expect(report.result.verifiedFileCount == 50 && report.messages == [])

        try flip(stage.folder("back/large-3"), at: 2_999_999)
        unlink(stage.folder("back/below/small-1"))
        let file = try #require(fopen(stage.folder("back/below/small-2"), "a"))
        fputs("x", file)
        fclose(file)
        let indexed = try await stage.repository.indexed()
        let sink = try LocalTreeSink(root: Array(stage.folder("back").utf8))
        let said = Said()
        var settings = RestoreSettings()
        settings.report = { said.add(error: $0) }
        let progress = RestoreProgress()
        let tree = try await stage.tree(snapshot, at: path, in: indexed)
        try await RestoreRun(indexed, sink, settings, progress, isVerifying: true).run(tree)
        let subjects = said.errors.compactMap { ($0 as? TreeError)?.subject }.sorted()
        #expect(subjects == ["/below/small-1", "/below/small-2", "/large-3"])
        #expect(progress.result.failureCount == 3 && progress.result.verifiedFileCount == 47)
    }

    @Test("replaces a file where a folder should be and the reverse, and never follows a planted symlink")
    func obstacles() async throws {
        let (stage, path, snapshot) = try await stage(seed: 88)
        let outside = try stage.makeFolder("outside")
        try outside.file("small-0", "precious")
        let back = try stage.makeFolder("back")
        try back.symlink("below", to: stage.folder("outside"))
        try back.symlink("large-1", to: stage.folder("outside/small-0"))
        try back.directory("large-2")
        try back.special("large-3", kind: S_IFIFO)
        let report = try await stage.restore(snapshot, at: path, to: stage.folder("back")) { $0.deletes = true }
        #expect(report.messages == [])
        #expect(try differences(stage, path) == [])
        #expect(try OpenFolder(stage.folder("outside")).names() == [Array("small-0".utf8)])
        let kept = try await Tool.run("cat", [stage.folder("outside/small-0")])
        #expect(kept == "precious")
    }
}
