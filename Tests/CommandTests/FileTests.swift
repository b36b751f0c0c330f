import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("Files in snapshots: dump and restore")
struct FileTests {
    private func place() async throws -> Workplace {
        let place = try await Workplace.withRepository()
        try place.write("hello", to: "data/file", mode: 0o640)
        try place.write(String(repeating: "0123456789", count: 300_000), to: "data/sub/large")
        try place.write("", to: "data/" + String(repeating: "long name ", count: 20) + "end")
        try place.write("grüße", to: "data/sub/ä ö.txt")
        #expect(symlink("../file", place.path("data/sub/link")) == 0)
        #expect(link(place.path("data/file"), place.path("data/second name")) == 0)
        #expect(mkfifo(place.path("data/fifo"), 0o644) == 0)
        #expect(await place.run("backup", "--path", place.path("data")).status == 0)
        return place
    }

    @Test("a directory is dumped as a tar archive that GNU tar unpacks to the same tree")
    func tar() async throws {
        let place = try await place()
        let data = place.path("data")
        let script =
            "'\(Program.path)' dump latest '\(data)' | tar x -C '\(place.path("out"))' --xattrs --numeric-owner"
        try place.write("", to: "out/.keep")
        _ = try await Tool.run("bash", ["-o", "pipefail", "-c", script], variables: place.environment)
        let compare = [Tool.supportFile("compare-trees"), data, place.path("out/data")]
        #expect(try await Tool.run("python3", compare + ["--ignore", "root"]).contains("difference") == false)
    }

    @Test("what is inside --path comes directly into the target; a single file too")
    func inside() async throws {
        let place = try await place()
        let data = place.path("data")
        #expect(
            await place.run("restore", "-s", "latest", "--path", data + "/sub", "-t", place.path("out")).status == 0)
        #expect(try place.list("out") == ["large", "link", "ä ö.txt"])
        #expect(
            await place.run("restore", "-s", "latest", "--path", data + "/file", "-t", place.path("one")).status == 0)
        #expect(try place.list("one") == ["file"])
        #expect(try place.read("one/file") == "hello")
    }

    @Test("patterns choose, --delete removes what is not in the snapshot, and a dry run changes nothing")
    func choosing() async throws {
        let place = try await place()
        let data = place.path("data")
        let include = await place.run("restore", "-s", "latest", "-t", place.path("some"), "--include", "*.txt")
        #expect(include.status == 0, "\(include.messages)")
        #expect(try place.list("some" + data + "/sub") == ["ä ö.txt"])
        try place.write("stray", to: "some" + data + "/sub/stray")
        let arguments = ["restore", "-s", "latest", "--path", data, "-t", place.path("some") + data, "--delete"]
        let dry = await place.run(arguments + ["--dry-run"])
        #expect(dry.status == 0 && dry.output.contains("would remove 1 thing"), "\(dry.output)")
        #expect(try place.list("some" + data + "/sub") == ["stray", "ä ö.txt"])
        #expect(await place.run(arguments + ["--verify"]).status == 0)
        let compare = [Tool.supportFile("compare-trees"), "--ignore", "root", data, place.path("some") + data]
        _ = try await Tool.run("python3", compare)
    }

    @Test("a dry run into a target that is not there does not make it")
    func absentTarget() async throws {
        let place = try await place()
        let outcome = await place.run("restore", "-s", "latest", "-t", place.path("nowhere"), "--dry-run", "--json")
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(outcome.output.contains(#""dry_run":true"#))
        #expect(!FileManager.default.fileExists(atPath: place.path("nowhere")))
    }
}
