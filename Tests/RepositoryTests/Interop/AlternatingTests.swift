import FoundationEssentials
import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite(
    "restic and the engine on one repository", .enabled(if: Restic.isExpected, "install restic: apt-get install restic")
)
struct AlternatingTests {
    private func makeTree(_ stage: Stage, _ name: String, seed: UInt64) throws -> String {
        try fill(try stage.makeFolder(name), seed: seed)
        return stage.folder(name)
    }

    private func fill(_ maker: TreeMaker, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for number in 0..<20 { try maker.file(Array("small-\(number)".utf8), generator.bytes(100 + number)) }
        try maker.file(Array("large".utf8), generator.bytes(3_000_000))
        try maker.directory("below").file("inside", "text")
        try maker.directory("empty")
        try maker.symlink("link", to: "large")
    }

    @Test("each takes unchanged files over from the other's snapshot, and saves what changed", arguments: Place.all)
    func parents(place: Place) async throws {
        let stage = try await Stage(place)
        let path = try makeTree(stage, "tree", seed: 1)
        let first = try await stage.restic.backup(path)
        #expect(first.files_new == 22)

        let second = try await stage.backup(path)
        #expect(second.parent?.hex.hasPrefix(first.snapshot_id) == true)
        #expect(second.snapshot.summary?.filesUnmodified == 22 && second.snapshot.summary?.dataBlobs == 0)

        let third = try await stage.restic.backup(path)
        #expect(third.files_unmodified == 22 && third.data_blobs == 0)
        #expect(try await stage.restic.snapshots().last?.parent == second.id?.hex)

        let file = try #require(fopen(path + "/small-3", "w"))
        fputs("changed\n", file)
        fclose(file)
        let fourth = try await stage.backup(path)
        #expect(fourth.snapshot.summary?.filesChanged == 1 && fourth.snapshot.summary?.filesUnmodified == 21)
        #expect(fourth.snapshot.summary?.dataBlobs == 1)
        let fifth = try await stage.restic.backup(path)
        #expect(fifth.files_unmodified == 22 && fifth.files_changed == 0)
        try await stage.restic.check()
        try await stage.proveSound()
    }

    @Test("a link target that restic 0.14 mutilated is read anew, not taken over")
    func lossyTarget() async throws {
        let stage = try await Stage()
        let target: [UInt8] = [0x61, 0xFF, 0xC3]
        try stage.makeFolder("tree").symlink("raw", to: target)
        let path = stage.folder("tree")
        try await stage.restic.backup(path)
        let result = try await stage.backup(path)
        #expect(result.parent != nil)
        #expect(try await stage.nodes(result.snapshot, at: path)["/raw"]?.details.linkTarget == target)
    }

    @Test("both cut a file at the same places when asked, so neither stores it again", arguments: [false, true])
    func sameBlobs(resticFirst: Bool) async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 77)
        let maker = try stage.makeFolder("tree")
        try maker.file(Array("large".utf8), generator.bytes(24_000_000))
        try maker.file(Array("zeros".utf8), pieces: [(4_000_000, [1])], byteCount: 5_000_000)
        let path = stage.folder("tree")
        var theirs = Restic.Summary?.none
        if resticFirst { theirs = try await stage.restic.backup(path) }
        let ours = try await stage.backup(path) { settings in
            settings.archive.usesRabin = true
            settings.parent = .none
        }
        if !resticFirst { theirs = try await stage.restic.backup(path, "--force") }
        let later = resticFirst ? ours.snapshot.summary?.dataBlobs : theirs?.data_blobs
        #expect(later == 0)
        let entry = try await stage.repository.findSnapshot(try #require(theirs).snapshot_id)
        let (one, other) = (
            try await stage.nodes(ours.snapshot, at: path), try await stage.nodes(entry.snapshot, at: path)
        )
        // The polynomial is drawn anew each time; three pieces are the fewest that 24 MB can have.
        #expect(one["/large"]?.content.count ?? 0 >= 3)
        #expect(
            one["/large"]?.content == other["/large"]?.content && one["/zeros"]?.content == other["/zeros"]?.content)
    }

    @Test("both count alike what a backup did")
    func totals() async throws {
        let (ours, theirs) = (try await Stage(), try await Stage())
        // Where no other test makes folders: a parent that changes between the two counts would count as well.
        let path = "/dev/shm/lifeboat-totals-\(getpid())"
        #expect(mkdir(path, 0o755) == 0)
        defer { _ = try? FileManager.default.removeItem(atPath: path) }
        try fill(try TreeMaker(path), seed: 5)
        func compare() async throws {
            let result = try await ours.backup(path) { $0.archive.usesRabin = true }
            let summary = try #require(result.snapshot.summary)
            var expected = try await theirs.restic.backup(path)
            // Both chunkers have a polynomial of their own, so only what does not depend on cuts is compared.
            expected.data_blobs = summary.dataBlobs
            expected.data_added = summary.dataAdded
            expected.snapshot_id = ""
            let counted = Restic.Summary(
                files_new: summary.filesNew, files_changed: summary.filesChanged,
                files_unmodified: summary.filesUnmodified, dirs_new: summary.dirsNew, dirs_changed: summary.dirsChanged,
                dirs_unmodified: summary.dirsUnmodified, data_blobs: summary.dataBlobs, tree_blobs: summary.treeBlobs,
                data_added: summary.dataAdded, total_files_processed: summary.totalFilesProcessed,
                total_bytes_processed: summary.totalBytesProcessed, snapshot_id: "")
            #expect(counted == expected)
        }
        try await compare()
        try await compare()
        let maker = try TreeMaker(path)
        try maker.file("new", "new")
        try maker.directory("fresh").file("inside", "x")
        try maker.mode("small-1", 0o600)
        unlink(path + "/small-2")
        unlink(path + "/small-4")
        try maker.file("small-4", "other")
        try await compare()
    }

    @Test("both back up at the same time, and neither disturbs the other", arguments: Place.all)
    func atTheSameTime(place: Place) async throws {
        let stage = try await Stage(place)
        let paths = try (0..<2).map { try makeTree(stage, "tree-\($0)", seed: UInt64(10 + $0)) }
        async let theirs = stage.restic.backup(paths[0])
        async let ours = stage.backup(paths[1]) { $0.archive.writer.packByteCount = 1 << 20 }
        _ = try await (theirs, ours)
        try await stage.restic.check()
        #expect(try await stage.proveSound() == 2)
    }

    @Test("a repository that restic made is opened, and the password that either sets opens it for the other")
    func resticMadeIt() async throws {
        let folder = try ScratchFolder("engine")
        let restic = Restic(address: folder("repository"), password: "one", variables: [:])
        try await restic("init")
        let store = DirectoryStore(root: folder("repository"))
        let repository = try await Repository(store: store).open(password: SecretBytes("one".utf8))
        _ = try await repository.changePassword(
            to: SecretBytes("two".utf8), parameters: Stage.scrypt, owner: Stage.keyOwner)
        try await restic("snapshots", password: "two")
        await #expect(throws: Tool.Failure.self) { try await restic("snapshots", password: "one") }

        let file = folder("password")
        let stream = try #require(fopen(file, "w"))
        fputs("three\n", stream)
        fclose(stream)
        try await restic("key", "passwd", "--new-password-file", file, password: "two")
        let opened = try await Repository(store: store).open(password: SecretBytes("three".utf8))
        #expect(opened.config == repository.config)
        let keys = try await opened.keys()
        #expect(keys.count == 1 && keys[0].isCurrent)
        await #expect(throws: RepositoryError.self) {
            try await Repository(store: store).open(password: SecretBytes("two".utf8))
        }
    }
}
