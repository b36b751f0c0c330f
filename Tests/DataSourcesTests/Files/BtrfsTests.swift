import Glibc
import Repository
import TestSupport
import Testing
import Trees

@testable import DataSources

@Suite("File trees on btrfs", .serialized, .enabled(if: canMount, "needs root and loop devices"))
struct BtrfsTests {
    /// A btrfs image, mounted, until `body` ends.
    private func mounted(_ body: (Yard, String) async throws -> Void) async throws {
        let yard = try await Yard()
        let top = yard.folder("b")
        try await shell(
            "truncate -s 128M '\(yard.folder("image"))'; mkfs.btrfs -q '\(yard.folder("image"))'; mkdir '\(top)'; "
                + "mount -o loop '\(yard.folder("image"))' '\(top)'")
        let result: Result<Void, any Error>
        do {
            try await shell(
                "btrfs -q subvolume create '\(top)/srv'; mkdir -p '\(top)/srv/data/cache'; cd '\(top)/srv/data'; "
                    + "for i in 1 2 3; do echo $i > f$i; done; echo c > cache/c; echo out > ../outside; ln f1 hard")
            try await body(yard, top + "/srv")
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await shell("umount '\(top)'")
        try result.get()
    }

    private func source(_ yard: Yard, _ paths: [String], _ change: (inout FileSettings) -> Void = { _ in })
        -> FileSource
    {
        var settings = FileSettings(paths: paths)
        change(&settings)
        return FileSource(name: "media", settings: settings, environment: yard.environment)
    }

    private func snapshots(_ top: String) async throws -> String {
        try await shell("ls -A '\(top)' | grep '^[.]lifeboat' || true")
    }

    @Test("what is written while a snapshot is read is not in it, and paths are the original ones")
    func moment() async throws {
        try await mounted { yard, top in
            let data = top + "/data"
            let source = source(yard, [data]) { $0.excludes = [data + "/cache"] }
            let found = await source.examine()
            #expect(found.last?.message.contains("btrfs snapshots of \(top)") == true, "\(found)")
            let reading = try await source.read { content in
                try await shell("echo late > '\(data)/late'; echo changed > '\(data)/f2'; rm '\(data)/f3'")
                let result = try await yard.backup(content, "media")
                #expect(result.snapshot.paths == [data] && result.failureCount == 0)
            }
            #expect(reading.method == "btrfs-snapshot" && reading.warnings.isEmpty)
            #expect(try await snapshots(top) == "")
            let out = try await restored(yard, "out")
            #expect(
                try await shell("cd '\(out)\(data)'; ls; cat f2 f3; stat -c %h f1") == "f1\nf2\nf3\nhard\n2\n3\n2\n")
            #expect(try await shell("ls '\(out)\(top)'") == "data\n", "nothing beside the path")
            // Unchanged files are known again although the snapshot is another one.
            let again = Holder<UInt64>()
            _ = try await source.read { content in
                again.value = try await yard.backup(content, "media").snapshot.summary?.filesUnmodified
            }
            #expect(again.value == 2, "f1 and hard; f2 and late changed")
        }
    }

    /// The newest snapshot, restored.
    private func restored(_ yard: Yard, _ name: String) async throws -> String {
        let newest = try #require(try await yard.repository.snapshots().entries.last)
        let tree = try #require(newest.snapshot.treeID)
        _ = try await yard.repository.indexed().restore(
            tree: tree, to: LocalTreeSink(root: Array(yard.folder(name).utf8)), RestoreSettings())
        return yard.folder(name)
    }

    @Test("a failure, and a kill, leave no snapshot for long")
    func leftovers() async throws {
        try await mounted { yard, top in
            let source = source(yard, [top])
            await #expect(throws: CancellationError.self) {
                _ = try await source.read { _ in throw CancellationError() }
            }
            #expect(try await snapshots(top) == "")
            // As a process that is gone would have left it, and as one that lives has it.
            try await shell(
                "for n in 999999-1-1 1-$(cut -d' ' -f22 /proc/1/stat)-1; do btrfs -q subvolume snapshot -r '\(top)' '\(top)/.lifeboat-snapshot-media-'$n; done"
            )
            let before = try await snapshots(top)
            _ = await source.examine()
            #expect(try await snapshots(top) == before, "doctor changes nothing")
            let (_, out) = try await yard.roundTrip(source, to: "out")
            #expect(
                try await snapshots(top).hasPrefix(".lifeboat-snapshot-media-1-"), "only the one of the living is left")
            #expect(try await shell("ls -A '\(out)\(top)'") == "data\noutside\n")
        }
    }

    @Test("a subvolume or a mount within the paths is not left out in silence", arguments: ["subvolume", "mount"])
    func nested(kind: String) async throws {
        try await mounted { yard, top in
            let inner = top + "/data/inner"
            try await shell(
                kind == "mount"
                    ? "mkdir '\(inner)'; mount -t tmpfs t '\(inner)'" : "btrfs -q subvolume create '\(inner)'")
            try await shell("echo inside > '\(inner)/file'")
            let (reading, out) = try await yard.roundTrip(source(yard, [top]), to: "out")
            #expect(reading.method == "walk" && reading.warnings.first?.contains(inner) == true)
            #expect(try await shell("cat '\(out)\(inner)/file'") == "inside\n")
            let strict = source(yard, [top]) { $0.snapshot = .btrfs }
            let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(strict, to: "strict") }
            #expect(error?.code == .invalidSetting)
            let apart = source(yard, kind == "mount" ? [top] : [top, inner]) {
                $0.excludes = kind == "mount" ? [inner] : []
            }
            if kind == "mount" {
                #expect(try await yard.roundTrip(apart, to: "apart").reading.method == "btrfs-snapshot")
                try await shell("umount '\(inner)'")
            }
        }
    }

    @Test("where there is no btrfs a snapshot that is asked for is refused, and one that may be is not missed")
    func elsewhere() async throws {
        let yard = try await Yard()
        try await shell("mkdir '\(yard.folder("plain"))'; touch '\(yard.folder("plain"))/file'")
        let paths = [yard.folder("plain")]
        #expect(try await yard.roundTrip(source(yard, paths), to: "out").reading.warnings == [])
        await #expect(throws: SourceError.self) {
            _ = try await yard.roundTrip(source(yard, paths) { $0.snapshot = .btrfs }, to: "strict")
        }
    }
}
