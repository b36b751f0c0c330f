import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("Find, diff, stats and repair")
struct QueryTests {
    /// Two snapshots of a tree that changes between them.
    private func place() async throws -> Workplace {
        let place = try await Workplace.withRepository()
        try place.write("one", to: "data/report.txt")
        try place.write("gone soon", to: "data/old/gone.sql")
        try place.write("same", to: "data/same")
        #expect(await place.run("backup", "--path", place.path("data"), "--time", "2025-01-01T00:00:00Z").status == 0)
        try place.write("two!", to: "data/report.txt")
        try FileManager.default.removeItem(atPath: place.path("data/old/gone.sql"))
        try place.write("new", to: "data/new/New Report.TXT")
        #expect(await place.run("backup", "--path", place.path("data"), "--time", "2025-01-02T00:00:00Z").status == 0)
        return place
    }

    private func ids(_ place: Workplace) async throws -> [String] {
        struct Snapshot: Decodable { let id: String }
        let text = await place.run("snapshots", "--json").output
        return try JSONDecoder().decode([Snapshot].self, from: Data(text.utf8)).map(\.id)
    }

    @Test("find names each snapshot and what matches in it")
    func find() async throws {
        let place = try await place()
        let ids = try await ids(place)
        let data = place.path("data")
        let outcome = await place.run("find", "*.txt")
        let paths = outcome.output.split(separator: "\n").filter { $0.hasPrefix("/") }
        #expect(paths == ["\(data)/report.txt", "\(data)/report.txt"], "\(outcome)")
        let folded = await place.run("find", "-i", "*.txt", "--snapshot", "latest")
        #expect(
            folded.output.contains("\(data)/new/New Report.TXT\n")
                && folded.output.hasPrefix("snapshot \(ids[1].prefix(8)) of "))
        #expect(await place.run("find", "nothing like it").output == "")
        struct Group: Decodable {
            struct Match: Decodable { let path: String }
            let snapshot: String
            let hits: Int
            let matches: [Match]
        }
        let json = await place.run("find", "--json", "gone.sql")
        let groups = try JSONDecoder().decode([Group].self, from: Data(json.output.utf8))
        let theirs = try JSONDecoder().decode(
            [Group].self, from: Data(try await place.resticArguments(["find", "--json", "gone.sql"]).utf8))
        #expect(groups.map(\.snapshot) == theirs.map(\.snapshot) && groups.map(\.hits) == theirs.map(\.hits))
        #expect(groups.map { $0.matches.map(\.path) } == theirs.map { $0.matches.map(\.path) })
    }

    @Test("diff shows what restic's diff shows")
    func diff() async throws {
        let place = try await place()
        let ids = try await ids(place)
        let outcome = await place.run("diff", ids[0], ids[1])
        func marks(_ text: String) -> Set<String> {
            Set(text.split(separator: "\n").map(String.init).filter { $0.contains("    /") })
        }
        #expect(outcome.status == 0 && !marks(outcome.output).isEmpty, "\(outcome)")
        #expect(marks(outcome.output) == marks(try await place.resticArguments(["diff", ids[0], ids[1]])))
        #expect(outcome.output.contains("\nmodified: 1\n"))
        let json = await place.run("diff", "--json", ids[0], ids[1])
        #expect(json.output.split(separator: "\n").last?.contains(#""message_type":"statistics""#) == true)
    }

    @Test("stats count what restic's stats count", arguments: ["restore-size", "files-by-contents", "raw-data"])
    func stats(mode: String) async throws {
        let place = try await place()
        struct Sums: Decodable, Equatable { let total_size: UInt64 }
        let arguments = ["stats", "--json", "--mode", mode]
        let ours = await place.run(arguments)
        let theirs = try await place.resticArguments(arguments)
        #expect(
            try JSONDecoder().decode(Sums.self, from: Data(ours.output.utf8))
                == JSONDecoder().decode(Sums.self, from: Data(theirs.utf8)), "\(ours)")
        #expect(await place.run("stats", "--mode", "guesses").status == 64)
    }

    @Test("a lost index and a lost pack are repaired in the order that the hints say")
    func repair() async throws {
        let place = try await Workplace.withRepository()
        let random = ["if=/dev/urandom", "of=\(place.path("noise"))", "bs=64K", "count=8", "status=none"]
        _ = try await Tool.run("dd", random)
        try place.write("small", to: "data/file")
        #expect(await place.run("backup", "--path", place.path("data")).status == 0)
        #expect(await place.run("backup", "--path", place.path("noise"), "--path", place.path("data")).status == 0)
        for file in try place.list("repository/index") {
            try FileManager.default.removeItem(atPath: place.path("repository/index/\(file)"))
        }
        #expect(await place.run("check").status == 1)
        let dry = await place.run("repair", "index", "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("packs taken in: "), "\(dry)")
        #expect(try place.list("repository/index").isEmpty)
        #expect(await place.run("repair", "index").status == 0)
        #expect(await place.run("check", "--read-data").status == 0)
        #expect(await place.run("repair", "index").output == "the index needs no repair\n")
        #expect(await place.run("repair", "snapshots").output == "no snapshot needs a repair\n")
        let files = try await Tool.run("find", [place.path("repository/data"), "-type", "f", "-size", "+100k"])
        let pack = String(try #require(files.split(separator: "\n").first?.split(separator: "/").last))
        try FileManager.default.removeItem(atPath: place.path("repository/data/\(pack.prefix(2))/\(pack)"))
        #expect(await place.run("check").status == 1)
        #expect(await place.run("repair", "packs", "0000").status == 1, "no such pack")
        let packs = await place.run("repair", "packs", pack)
        #expect(packs.status == 1 && packs.output.contains("pack \(pack.prefix(12))"), "\(packs)")
        let snapshots = await place.run("repair", "snapshots", "--forget")
        #expect(snapshots.status == 0 && snapshots.output.contains("replaced by "), "\(snapshots)")
        #expect(await place.run("check", "--read-data").status == 0)
        #expect(try await place.restic("check", "--read-data").contains("no errors were found"))
        #expect(await place.run("snapshots", "--tag", "repaired", "--json").output.contains(#""repaired""#))
    }
}
