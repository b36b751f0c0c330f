import ArgumentParser
import Testing
import Trees

@testable import LifeboatCommands

@Suite("Command line")
struct ParsingTests {
    private func backup(_ arguments: String...) throws -> BackupCommand {
        try #require(try Lifeboat.parseAsRoot(["backup"] + arguments) as? BackupCommand)
    }

    @Test(
        "global options stand before or behind the command",
        arguments: [
            ["-r", "/srv/r", "backup", "--path", "a"], ["backup", "--path", "a", "-r", "/srv/r"],
            ["backup", "--repo=/srv/r", "--path", "a"],
        ])
    func globalOptions(arguments: [String]) throws {
        let command = try #require(try Lifeboat.parseAsRoot(arguments) as? BackupCommand)
        #expect(command.global.repository == "/srv/r" && command.files.path == ["a"])
    }

    @Test("a program behind -- keeps its own options")
    func program() throws {
        let command = try backup(
            "--stdin-from-command", "--stdin-filename", "x.sql", "-r", "s", "--", "dump", "-r", "t", "--tag", "u")
        #expect(command.program.command == ["dump", "-r", "t", "--tag", "u"])
        #expect(command.global.repository == "s" && command.naming.tags.isEmpty)
    }

    @Test(
        "a backup of nothing, or of two kinds at once, is wrong usage",
        arguments: [
            [], ["--path", "a", "--", "cmd"], ["--stdin-from-command"],
            ["--stdin-from-command", "--path", "a", "--", "cmd"],
            ["--path", "a", "--force", "--parent", "latest"], ["--path", "a", "--pack-size", "1M"],
            ["--path", "a", "--compression", "lots"],
        ])
    func wrongUsage(arguments: [String]) async throws {
        let outcome = await (try Workplace()).run(["backup"] + arguments)
        #expect(outcome.status == 64 && outcome.output == "" && outcome.messages.contains("Usage: lifeboat backup"))
    }

    @Test("durations and sizes are read with their units")
    func quantities() {
        #expect(DurationArgument(argument: "1h30m")?.value == .seconds(5400))
        #expect(DurationArgument(argument: "45s")?.value == .seconds(45))
        #expect(DurationArgument(argument: "0")?.value == .zero)
        for wrong in ["", "10", "m", "1x", "-1s", "99999999999999999999s"] {
            #expect(DurationArgument(argument: wrong) == nil, "\(wrong)")
        }
        #expect(ByteCountArgument(argument: "512")?.value == 512)
        #expect(ByteCountArgument(argument: "16M")?.value == 16 << 20)
        #expect(ByteCountArgument(argument: "1.5GiB")?.value == 3 << 29)
        for wrong in ["", "M", "-1", "1X", "99999999999T", "1.5"] {
            #expect(ByteCountArgument(argument: wrong) == nil, "\(wrong)")
        }
    }

    @Test("times are read as RFC 3339 or by the clock of the machine")
    func times() {
        #expect(TimeArgument(argument: "2026-11-20T03:00:00Z")?.value == Timestamp(seconds: 1_795_143_600))
        #expect(TimeArgument(argument: "2026-11-20 03:00:00") != nil)
        #expect(TimeArgument(argument: "2026-11-20") != nil)
        for same in ["2026-11-20 03:00:00Z", "2026-11-20 04:00:00 +01:00", "2026-11-20 03:00:00.000 +00:00"] {
            #expect(TimeArgument(argument: same)?.value == Timestamp(seconds: 1_795_143_600), "\(same)")
        }
        for wrong in [
            "", "yesterday", "2026-13-40", "2026-11-20 25:00:00", "2026-11-20 03:00", "2026-11-20 03:00:00 x",
        ] {
            #expect(TimeArgument(argument: wrong) == nil, "\(wrong)")
        }
    }

    @Test("words are divided and quoted as a shell does it")
    func words() {
        #expect(ShellWords.split(#"pass show 'my backup' "a b"\ c"#) == ["pass", "show", "my backup", "a b c"])
        #expect(ShellWords.split("a '' b") == ["a", "", "b"])
        #expect(ShellWords.split("a 'b") == nil)
        #expect(ShellWords.quoted("/plain-path_1.txt") == "/plain-path_1.txt")
        #expect(ShellWords.quoted("it's") == #"'it'\''s'"#)
    }

    @Test("the help of the program is what it was")
    func help() async throws {
        let outcome = await (try Workplace()).run("--help")
        #expect(outcome.status == 0 && outcome.messages == "")
        let golden = try Golden.text("help.txt")
        #expect(outcome.output == golden, "`lifeboat --help > Tests/CommandTests/Golden/help.txt` accepts the new text")
    }

    @Test("every command explains itself with an abstract, and the larger ones with examples")
    func helpOfCommands() async throws {
        for command in [
            "init", "backup", "snapshots", "ls", "find", "diff", "stats", "dump", "restore", "check", "forget", "prune",
            "repair", "key",
            "unlock", "config", "version", "points", "verify", "reconcile", "retention", "doctor", "drill", "catalog",
            "runbook", "environment",
        ] {
            let outcome = await (try Workplace()).run(command, "--help")
            #expect(outcome.status == 0 && outcome.output.contains("OVERVIEW: "), "\(command)")
        }
    }
}
