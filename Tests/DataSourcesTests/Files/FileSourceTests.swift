import Glibc
import TestSupport
import Testing

@testable import DataSources

@Suite("File trees as a source") struct FileSourceTests {
    private func source(
        _ yard: Yard, previous: UInt64? = nil, change: (inout FileSettings) -> Void = { _ in }
    ) -> FileSource {
        var settings = FileSettings(paths: [yard.folder("data")])
        change(&settings)
        return FileSource(
            name: "media", settings: settings, environment: yard.environment, previousFileCount: previous)
    }

    private func yard(files: Int = 10) async throws -> Yard {
        let yard = try await Yard()
        try await shell(
            "mkdir -p '\(yard.folder("data"))/sub'; for i in $(seq \(files)); do echo $i > '\(yard.folder("data"))/sub/'$i; done"
        )
        return yard
    }

    @Test("hooks run around the walk, and the last ones also after a failure")
    func hooks() async throws {
        let yard = try await yard()
        let log = yard.folder("log")
        let good = source(yard) {
            $0.before = ["echo before >> '\(log)'", "cp '\(log)' '\(yard.folder("data"))/dump'"]
            $0.after = ["false", "echo after >> '\(log)'"]
        }
        let (reading, out) = try await yard.roundTrip(good, to: "out")
        #expect(reading.method == "walk" && reading.warnings.count == 1, "the failing one is told of")
        #expect(try await shell("cat '\(out)\(yard.folder("data"))/dump' '\(log)'") == "before\nbefore\nafter\n")
        let bad = source(yard) {
            $0.before = ["echo it broke >&2; exit 3"]
            $0.after = ["echo after failure >> '\(log)'"]
        }
        let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(bad, to: "bad") }
        #expect(error?.message == "the hook exited with 3" && error?.hint.contains("it broke") == true)
        #expect(try await shell("tail -1 '\(log)'") == "after failure\n")
        var slow = source(yard) { $0.before = ["sleep 60"] }
        slow.hookTimeout = .milliseconds(100)
        let late = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(slow, to: "late") }
        #expect(late?.code == .timedOut)
    }

    @Test(
        "an empty, shrunken or missing tree is suspect",
        arguments: [(0, 10, false), (4, 10, false), (5, 10, true), (20, 10, true), (1, nil, true), (0, nil, false)]
            as [(Int, UInt64?, Bool)])
    func shrunken(files: Int, previous: UInt64?, passes: Bool) async throws {
        let yard = try await yard(files: files)
        let source = source(yard, previous: previous)
        if passes {
            _ = try await yard.roundTrip(source, to: "out")
        } else {
            let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(source, to: "out") }
            #expect(error?.code == .suspectContent)
        }
        try await shell("rm -r '\(yard.folder("data"))'")
        let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(source, to: "gone") }
        #expect(error?.code == .suspectContent)
        #expect(await source.examine().first?.severity == .problem)
    }

    @Test(
        "a path that should be a mount and is not fails; so does one that vanishes while it is read",
        .enabled(if: canMount, "needs root"))
    func mounts() async throws {
        let yard = try await yard()
        let data = yard.folder("data")
        let plain = source(yard) { $0.mounts = [data] }
        let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(plain, to: "out") }
        #expect(error?.code == .suspectContent && error?.message == "is not mounted")
        try await shell("mount --bind '\(data)' '\(data)'")
        _ = try await yard.roundTrip(plain, to: "mounted")
        let vanishing = source(yard) {
            $0.mounts = [data]
            $0.after = ["umount '\(data)'"]
        }
        let gone = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(vanishing, to: "vanished") }
        #expect(gone?.message == "is not mounted")
    }

    @Test("escaped names in the table of mounts are read")
    func table() {
        let table = MountTable("22 1 8:1 / / rw - ext4 /dev/a rw\n30 22 0:5 / /mnt/a\\040b rw - tmpfs t rw\n")
        #expect(table.points == ["/", "/mnt/a b"] && table.below("/mnt") == ["/mnt/a b"])
    }

    @Test("files are moved into place, never over others")
    func restore() async throws {
        let yard = try await yard()
        let restorer = FileRestorer(settings: FileSettings(paths: []), environment: yard.environment)
        try await restorer.build(files: yard.folder("data"), data: yard.folder("new"), run: "")
        #expect(try await shell("cat '\(yard.folder("new"))/sub/3'") == "3\n")
        try await shell("mkdir -p '\(yard.folder("data"))/sub'")
        let error = await #expect(throws: SourceError.self) {
            try await restorer.build(files: yard.folder("data"), data: yard.folder("new"), run: "")
        }
        #expect(error?.code == .targetOccupied)
    }
}

/// Mounting wants root; where `CI` is set its absence is a failure.
let canMount = geteuid() == 0 || getenv("CI") != nil
