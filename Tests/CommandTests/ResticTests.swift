import FoundationEssentials
import TestSupport
import Testing

@Suite("Commands and a real restic on one repository")
struct ResticTests {
    private func sample(_ place: Workplace) throws -> String {
        try place.write("hello", to: "data/hello.txt")
        try place.write(String(repeating: "lifeboat ", count: 100_000), to: "data/sub/large.txt")
        try place.write("", to: "data/empty")
        return place.path("data")
    }

    @Test("a repository that we made, and what we saved in it, passes restic's check and is restored by it")
    func ours() async throws {
        let place = try Workplace()
        let data = try sample(place)
        #expect(await place.run("init").status == 0)
        let backup = await place.run("backup", "--path", data, "--tag", "a,b")
        #expect(backup.status == 0, "\(backup.messages)")
        #expect(try await place.restic("check", "--read-data").contains("no errors were found"))
        _ = try await place.restic("restore", "latest", "--target", place.path("out"))
        _ = try await Tool.run(
            "python3", [Tool.supportFile("compare-trees"), "--ignore", "root", data, place.path("out") + data])
    }

    @Test("what restic saved is listed, added to, and restored by us")
    func theirs() async throws {
        let place = try Workplace()
        let data = try sample(place)
        try await place.restic("init", "--repository-version", "2")
        try await place.restic("backup", data, "--host", "testhost", "--tag", "theirs")
        let snapshots = await place.run("snapshots", "--json")
        #expect(snapshots.status == 0 && snapshots.output.contains("\"theirs\""), "\(snapshots.messages)")
        let listing = await place.run("ls", "latest")
        #expect(listing.output.contains("\(data)/sub/large.txt\n"))
        let backup = await place.run("backup", "--path", data, "--json")
        let summary = try JSONDecoder().decode(Summary.self, from: Data(backup.output.utf8))
        #expect(summary.files_unmodified == 3 && summary.files_new == 0, "restic's snapshot serves as parent")
        #expect(await place.run("restore", "-s", "latest", "--to", place.path("out"), "--verify").status == 0)
        _ = try await Tool.run(
            "python3", [Tool.supportFile("compare-trees"), "--ignore", "root", data, place.path("out") + data])
        #expect(try await place.restic("check", "--read-data").contains("no errors were found"))
    }

    private struct Summary: Decodable {
        let files_unmodified: Int
        let files_new: Int
    }

    @Test("a typed password that we made costly opens with restic, spaces inside and all")
    func typed() async throws {
        let place = try Workplace()
        place.set("LIFEBOAT_PASSWORD_FILE", nil)
        #expect(await place.run("init", answers: [Workplace.password, Workplace.password]).status == 0)
        #expect(try await place.restic("key", "list").contains("tester"))
    }

    @Test("keys that we add, change and remove are those that restic sees")
    func keys() async throws {
        let place = try Workplace()
        try await place.restic("init", "--repository-version", "2")
        let second = place.path("second")
        #expect(await place.run("key", "add", "--generate-password-file", second).status == 0)
        let secret = try place.read("second")
        #expect(secret.utf8.count == 65, "64 hexadecimal digits and a newline")
        _ = try await Tool.run("restic", ["-r", place.repository, "-p", second, "--no-cache", "snapshots"])
        let list = await place.run("key", "list", "--json", "-p", second)
        let keys = try JSONDecoder().decode([Key].self, from: Data(list.output.utf8))
        #expect(keys.count == 2 && keys.filter(\.current).count == 1)
        let old = try #require(keys.first { !$0.current })
        #expect(await place.run("key", "remove", String(old.id.prefix(10)), "-p", second).status == 0)
        #expect(await place.run("snapshots").status == 12, "the first password opens nothing any more")
        let third = try place.write("a third password", to: "third", mode: 0o600)
        #expect(await place.run("key", "passwd", "--new-password-file", third, "-p", second).status == 0)
        _ = try await Tool.run("restic", ["-r", place.repository, "-p", third, "--no-cache", "snapshots"])
        #expect(await place.run("snapshots", "-p", second).status == 12)
    }

    private struct Key: Decodable {
        let current: Bool
        let id: String
    }
}
