import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("Check, forget and prune")
struct MaintenanceTests {
    /// A repository with a snapshot at noon of each of the last days of 2025, each with a file of its own.
    private func place(days: ClosedRange<Int>) async throws -> Workplace {
        let place = try await Workplace.withRepository()
        for day in days {
            try place.write(String(repeating: "\(day) ", count: 50_000), to: "data/of today")
            let time = "2025-12-\(day < 10 ? "0" : "")\(day)T12:00:00Z"
            let outcome = await place.run("backup", "--path", place.path("data"), "--time", time)
            #expect(outcome.status == 0, "\(outcome.messages)")
        }
        return place
    }

    private struct Group: Decodable {
        struct Snapshot: Decodable { let id: String }
        let keep: [Snapshot]
        let remove: [Snapshot]?
    }

    @Test("rules keep and remove what restic's forget keeps and removes")
    func rules() async throws {
        let place = try await place(days: 1...12)
        let rules = ["--keep-daily", "3", "--keep-weekly", "2", "--keep-last", "1"]
        let theirs = try JSONDecoder().decode(
            [Group].self, from: Data(try await place.resticArguments(["forget", "--dry-run", "--json"] + rules).utf8))
        let dry = await place.run(["forget", "--json", "--dry-run"] + rules)
        let ours = try JSONDecoder().decode([Group].self, from: Data(dry.output.utf8))
        #expect(ours.count == 1 && ours.first?.keep.map(\.id) == theirs.first?.keep.map(\.id))
        #expect(ours.first?.remove?.map(\.id) == theirs.first?.remove?.map(\.id))
        #expect(try place.list("repository/snapshots").count == 12, "a dry run removes nothing")
        let real = await place.run(["forget"] + rules)
        #expect(real.status == 0 && real.output.hasSuffix("removed \(12 - (ours.first?.keep.count ?? 0)) snapshots\n"))
        #expect(try place.list("repository/snapshots") == ours.first?.keep.map(\.id).sorted())
    }

    @Test("a snapshot is removed by name, and its data by prune in two runs or one")
    func prune() async throws {
        let place = try await place(days: 1...3)
        let packs = try packCount(place)
        let oldest = try #require(try await ids(place).first)
        let forgotten = await place.run("forget", oldest)
        #expect(forgotten.output == "removed snapshot \(oldest.prefix(8))\n")
        let dry = await place.run("prune", "--dry-run", "--max-unused", "0%")
        #expect(dry.output.hasSuffix("this was a dry run; nothing was changed\n"), "\(dry.messages)")
        #expect(try packCount(place) == packs)
        let first = await place.run("prune", "--max-unused", "0%")
        #expect(
            first.status == 0 && first.output.contains("the next prune deletes them"),
            "\(first.output)\(first.messages)")
        #expect(try packCount(place) >= packs, "the first run deletes nothing")
        let second = await place.run("prune", "--max-unused", "0%")
        #expect(second.status == 0 && second.output.contains("deleted "), "\(second.output)\(second.messages)")
        #expect(try packCount(place) < packs)
        #expect(try await place.restic("check", "--read-data").contains("no errors were found"))
        let last = try await ids(place)
        #expect(await place.run("forget", last[0], "--prune", "--now", "--max-unused", "0%").status == 0)
        #expect(try await place.restic("check", "--read-data").contains("no errors were found"))
        #expect(await place.run("restore", "-s", "latest", "-t", place.path("out"), "--verify").status == 0)
    }

    @Test("forget without rules, with both rules and names, or with rules that leave nothing is refused")
    func refused() async throws {
        let place = try await place(days: 1...2)
        let none = await place.run("forget")
        #expect(none.status == 1 && none.errorLines.first == "error: no rule says what to keep", "\(none.messages)")
        #expect(await place.run("forget", "latest", "--keep-last", "1").status == 64)
        let all = await place.run("forget", "--keep-tag", "nobody-has-this")
        #expect(all.status == 1 && all.messages.hasPrefix("error: the rules would remove all 2 snapshots of a group"))
        #expect(try place.list("repository/snapshots").count == 2)
    }

    @Test("damage is found, shown with what to do, and ends with 1")
    func damage() async throws {
        let place = try await Workplace.withRepository()
        let random = ["if=/dev/urandom", "of=\(place.path("noise"))", "bs=64K", "count=8", "status=none"]
        _ = try await Tool.run("dd", random)
        #expect(await place.run("backup", "--path", place.path("noise")).status == 0)
        let clean = await place.run("check", "--read-data")
        #expect(clean.status == 0 && clean.output.hasSuffix("no errors were found\n"))
        // Of the two packs the one with data is the larger by far.
        let files = try await Tool.run("find", [place.path("repository/data"), "-type", "f", "-size", "+100k"])
        let pack = try #require(files.split(separator: "\n").first)
        chmod(String(pack), 0o600)
        _ = try await Tool.run(
            "dd", ["if=/dev/zero", "of=\(pack)", "bs=1", "seek=20", "count=8", "conv=notrunc", "status=none"])
        let plain = await place.run("check")
        #expect(plain.status == 0, "the bytes in packs are read on demand only: \(plain.messages)")
        let outcome = await place.run("check", "--read-data")
        #expect(outcome.status == 1 && outcome.messages.contains("error: ") && outcome.messages.contains("hint:  "))
        #expect(outcome.output.contains("damaged packs: "), "\(outcome.output)")
        let json = await place.run("check", "--read-data", "--json")
        #expect(json.status == 1 && json.output.contains(#""message_type":"summary""#))
    }

    @Test(
        "which packs are read is given as n/t or p%",
        arguments: ["0/3", "4/3", "1/0", "1/300", "0%", "101%", "x", "1/2/3"])
    func subset(text: String) async throws {
        let place = try Workplace()
        #expect(await place.run("check", "--read-data-subset", text).status == 64)
    }

    private func packCount(_ place: Workplace) throws -> Int {
        try place.list("repository/data").reduce(0) { $0 + (try place.list("repository/data/\($1)").count) }
    }

    private func ids(_ place: Workplace) async throws -> [String] {
        struct Snapshot: Decodable { let id: String }
        let text = await place.run("snapshots", "--json").output
        return try JSONDecoder().decode([Snapshot].self, from: Data(text.utf8)).map(\.id)
    }
}
