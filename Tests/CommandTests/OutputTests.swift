import FoundationEssentials
import TestSupport
import Testing
import Trees

@testable import LifeboatCommands

@Suite("What commands print")
struct OutputTests {
    @Test("sizes, times and counts are what people read")
    func units() {
        #expect(
            [0, 1023, 1024, 1536, 10 << 20, 123 << 20, 5 << 40].map { Units.bytes($0) } == [
                "0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10.0 MiB", "123 MiB", "5.0 TiB",
            ])
        #expect(Units.bytes(.max) == "16.0 EiB")
        #expect(Units.clock(.seconds(7)) == "0:07" && Units.clock(.seconds(3723)) == "1:02:03")
        #expect(
            Units.decimal(2.05, 1) == "2.1" && Units.decimal(-0.004, 2) == "0.00" && Units.decimal(99.96, 1) == "100.0")
    }

    @Test("the progress line tells share, bytes, files, rate and time left")
    func progress() {
        var line = ProgressLine(
            title: "backup", byteCount: 50 << 20, totalByteCount: 200 << 20, fileCount: 10, totalFileCount: 40,
            failureCount: 0, elapsed: .seconds(5))
        #expect(line.text == "backup 25.0%  50.0 MiB of 200 MiB  10 of 40 files  10.0 MiB/s  0:15 left")
        line.totalByteCount = nil
        line.totalFileCount = nil
        line.failureCount = 1
        #expect(line.text == "backup 50.0 MiB  10 files  10.0 MiB/s  0:05  1 error")
    }

    @Test("a table is as wide as what is in it, whatever the cells hold")
    func table() {
        var table = TextTable(["ID", "Paths", "Size"], right: ["Size"])
        table.add(["a", "/one\n/two", "5 B"])
        #expect(
            table.lines == ["ID  Paths  Size", "---------------", "a   /one    5 B", "    /two", "---------------"])
    }

    @Test("a message does not forge further lines, whoever wrote the text in it")
    func forging() {
        let report = ErrorReport(CommandError(.invalidArgument, "bad\nhint: run this", subject: "a\r\nb"))
        #expect(report.lines == ["error: bad hint: run this", "where: a b"])
    }

    @Test("a drawn line makes room for messages and results")
    func drawing() throws {
        let (results, messages) = (MemorySink(), MemorySink())
        let output = CommandOutput(results: results, messages: messages, columns: { 20 })
        output.draw("a line that is longer than the terminal")
        output.message("hello")
        output.draw("again")
        try output.print("result")
        try output.flush()
        #expect(
            messages.text == "\ra line that is long\u{1B}[K\r\u{1B}[Khello\n\ragain\u{1B}[K\r\u{1B}[K")
        #expect(results.text == "result\n")
    }

    @Test("snapshots --json and ls --json have restic's fields")
    func resticShape() async throws {
        let place = try await Workplace.withRepository()
        try place.write("hello", to: "data/file", mode: 0o4755)
        #expect(await place.run("backup", "--path", place.path("data"), "--tag", "a", "--host", "h").status == 0)
        for (ours, theirs) in [
            (["snapshots", "--json"], ["snapshots", "--json"]),
            (["ls", "latest", "--json"], ["ls", "latest", "--json"]),
        ] {
            let own = try Self.objects(await place.run(ours).output)
            let their = try Self.objects(try await place.resticArguments(theirs))
            #expect(own.count == their.count)
            for (one, other) in zip(own, their) {
                // What restic 0.14 prints we print with the same value, but for its local times.
                for (key, value) in other where !key.hasSuffix("time") { #expect(one[key] == value, "\(key)") }
            }
        }
        let groups = await place.run("snapshots", "--json", "--group-by", "host")
        #expect(groups.output.hasPrefix(#"[{"group_key":{"hostname":"h"},"snapshots":[{"#), "\(groups.output)")
    }

    /// Objects of an array, or one on each line, with their values as text.
    private static func objects(_ text: String) throws -> [[String: String]] {
        let lines = text.hasPrefix("[") ? [text] : text.split(separator: "\n").map(String.init)
        return try lines.flatMap { line -> [[String: JSONValue]] in
            let data = Data(line.utf8)
            if line.hasPrefix("[") { return try JSONDecoder().decode([[String: JSONValue]].self, from: data) }
            return [try JSONDecoder().decode([String: JSONValue].self, from: data)]
        }.map { $0.mapValues(\.description) }
    }

    @Test("--quiet prints nothing, and JSON is printed all the same")
    func quiet() async throws {
        let place = try await Workplace.withRepository()
        try place.write("hello", to: "data/file")
        let quiet = await place.run("backup", "--path", place.path("data"), "-q")
        #expect(quiet.status == 0 && quiet.output == "" && quiet.messages == "")
        let json = await place.run("backup", "--path", place.path("data"), "-q", "--json")
        #expect(json.output.hasPrefix("{") && json.output.hasSuffix("}\n"))
    }

    @Test("a dry run stores nothing, takes no lock, and says so")
    func dryRun() async throws {
        let place = try await Workplace.withRepository()
        try place.write("hello", to: "data/file")
        let outcome = await place.run("backup", "--path", place.path("data"), "--dry-run")
        #expect(outcome.status == 0 && outcome.output.hasSuffix("nothing was stored, since this was a dry run\n"))
        #expect(try place.list("repository") == ["config", "keys"])
    }
}

/// A value of JSON as text, whatever it is.
private enum JSONValue: Decodable, CustomStringConvertible {
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .text("\(value)")
        } else if let value = try? container.decode([String].self) {
            self = .text("\(value)")
        } else {
            self = .text("other")
        }
    }

    var description: String { if case .text(let text) = self { text } else { "" } }
}
