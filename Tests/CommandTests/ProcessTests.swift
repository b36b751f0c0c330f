import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What only a process of its own can show: signals, terminals, exit codes, limits.
@Suite("The program as a process")
struct ProcessTests {
    private func place() async throws -> Workplace {
        let place = try await Workplace.withRepository()
        try place.write("hello", to: "data/file")
        return place
    }

    @Test("a signal ends a backup with 130, its lock is released and its program ended", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        let place = try await place()
        let begun = place.path("begun")
        // The program tells when it runs, so the lock is held by then, and never ends by itself.
        #expect(mkfifo(begun, 0o600) == 0)
        let script = "echo $$ > '\(begun)'; exec sleep 600"
        let result = try await Subprocess.run(
            .path(FilePath(Program.path)), arguments: ["backup", "--stdin-from-command", "--", "sh", "-c", script],
            environment: Program.variables(place.environment), input: .none, output: .string(limit: 4096),
            error: .sequence
        ) { execution in
            let child = try await Tool.run("cat", [begun])
            try await LockWait.untilHeld(in: place)
            try execution.send(signal: .init(rawValue: signal))
            var messages = ""
            for try await line in execution.standardError.strings() { messages += line + "\n" }
            return (child.split(separator: "\n").first.map(String.init) ?? "", messages)
        }
        #expect(Program.status(result.terminationStatus) == 130)
        let (child, messages) = result.closureResult
        #expect(messages == "error: interrupted\nhint:  locks are released; run the same command again to go on\n")
        #expect(try place.list("repository/locks").isEmpty)
        let number = try #require(pid_t(child))
        #expect(kill(number, 0) != 0, "the program that was backed up is gone")
        #expect(await place.run("snapshots", "--json").output == "[]\n", "and no snapshot was made")
    }

    @Test("SIGHUP, with which restic looks whether a process lives, does not end it")
    func hangUp() async throws {
        let place = try await place()
        let begun = place.path("begun")
        #expect(mkfifo(begun, 0o600) == 0)
        let go = place.path("go")
        #expect(mkfifo(go, 0o600) == 0)
        let script = "echo > '\(begun)'; cat '\(go)'"
        let result = try await Subprocess.run(
            .path(FilePath(Program.path)), arguments: ["backup", "--stdin-from-command", "--", "sh", "-c", script],
            environment: Program.variables(place.environment), input: .none, output: .string(limit: 4096),
            error: .string(limit: 4096)
        ) { execution in
            _ = try await Tool.run("cat", [begun])
            try execution.send(signal: .terminalClosed)
            _ = try await Tool.run("sh", ["-c", "echo go > '\(go)'"])
        }
        #expect(Program.status(result.terminationStatus) == 0, "\(result.standardError)")
    }

    @Test("a reader that goes away ends the output without a word")
    func brokenPipe() async throws {
        let place = try await place()
        for number in 0..<2000 { try place.write("", to: "data/a rather long name of a file, number \(number)") }
        #expect(await place.run("backup", "--path", place.path("data")).status == 0)
        let line = "'\(Program.path)' ls latest; echo \"status $?\" >&2"
        let result = try await Subprocess.run(
            .name("bash"), arguments: ["-c", "{ \(line); } | head -n 1 >/dev/null"],
            environment: Program.variables(place.environment), input: .none, output: .string(limit: 4096),
            error: .string(limit: 4096))
        #expect(result.standardError == "status 141\n")
    }

    @Test("a password is asked for on the terminal, without showing it, and twice when it is new")
    func prompt() async throws {
        let place = try Workplace()
        var environment = place.environment
        environment["LIFEBOAT_PASSWORD_FILE"] = nil
        let script = """
            import os, pty, sys
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(sys.argv[1], sys.argv[1:])
            shown = b""
            questions = [b"new password: ", b"the same password again: "]
            while True:
                try: piece = os.read(terminal, 4096)
                except OSError: break
                if not piece: break
                shown += piece
                if questions and shown.endswith(questions[0]):
                    questions.pop(0)
                    os.write(terminal, b"open sesame\\n")
            print(shown.decode().replace("\\r", ""), end="")
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """
        let outcome = try await Program.run(["init"], environment, through: ["python3", "-c", script])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.hasPrefix("new password: \nthe same password again: \nmade repository "))
        #expect(!outcome.output.contains("sesame"))
        try place.write("open sesame", to: "password", mode: 0o600)
        #expect(await place.run("snapshots").status == 0)
    }

    @Test(
        "what this user may not read is told, the rest is saved, and the exit code is 3",
        .enabled(if: geteuid() == 0, "only root can become somebody else"))
    func unreadable() async throws {
        let place = try Workplace()
        try place.write("mine", to: "data/secret", mode: 0o000)
        try place.write("ours", to: "data/open")
        chmod(place.folder.path, 0o755)
        _ = try await Tool.run("chown", ["65534:65534", place.folder.path, place.passwordFile])
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        #expect(try await Program.run(["init"], place.environment, through: nobody).status == 0)
        let data = place.path("data")
        let outcome = try await Program.run(["backup", "--path", data], place.environment, through: nobody)
        #expect(outcome.status == 3)
        #expect(
            outcome.messages == """
                warning: \(data)/secret: cannot open the file: permission denied
                warning: 1 thing could not be read and not saved; see above

                """)
        #expect(await place.run("ls", "latest", data).output == "\(data)\n\(data)/open\n")
        chmod(data, 0o700)
        let closed = try await Program.run(["backup", "--path", data], place.environment, through: nobody)
        #expect(
            closed.status == 3 && closed.messages.contains("\(data): cannot open the directory: permission denied"),
            "\(closed)")
    }

    @Test("no space in the repository is told, and what was there stays whole")
    func noSpace() async throws {
        let place = try Workplace()
        try place.write("small", to: "data/file")
        _ = try await Tool.run(
            "dd", ["if=/dev/urandom", "of=\(place.path("data/large"))", "bs=1M", "count=12", "status=none"])
        // A file system of its own, seen by this one process and gone with it.
        let tiny = place.path("repository")
        try place.write("", to: "repository/.keep")
        let script = """
            mount -t tmpfs -o size=8m tiny '\(tiny)' || exit 99
            "$@" init --quiet && "$@" backup --path '\(place.path("data"))/file' --quiet || exit 98
            "$@" backup --path '\(place.path("data"))'; echo "status $?"
            "$@" check --read-data
            """
        let outcome = try await Program.run(
            [], place.environment, through: ["unshare", "--mount", "sh", "-c", script, "sh"])
        if outcome.status == 99 || outcome.messages.contains("unshare") {
            try Test.cancel("mounting is not permitted here, so there is no file system to fill")
        }
        #expect(outcome.output.contains("status 1\n"), "\(outcome)")
        #expect(outcome.output.contains("no errors were found"), "\(outcome)")
        let lines = outcome.errorLines
        #expect(
            lines.first?.hasPrefix("error: could not ") == true && lines.first?.hasSuffix(": no space is left") == true)
        #expect(lines.dropFirst().first == "where: \(tiny)")
        #expect(
            lines.dropFirst(2).first
                == "hint:  make room or point the store at a larger disk; what was written before is whole")
    }

    @Test("help is there at once")
    func start() async throws {
        let outcome = try await Program.run(["--help"], [:])
        #expect(outcome.status == 0 && outcome.output.hasPrefix("OVERVIEW: "))
    }
}

/// Waits for a lock by being told of it, not by looking again and again.
enum LockWait {
    static func untilHeld(in place: Workplace) async throws {
        let folder = place.path("repository/locks")
        let script = """
            import ctypes, os, struct, sys
            libc = ctypes.CDLL(None, use_errno=True)
            watch = libc.inotify_init()
            folder = sys.argv[1]
            while True:
                parent = folder if os.path.isdir(folder) else os.path.dirname(folder)
                libc.inotify_add_watch(watch, parent.encode(), 0x180)
                if os.path.isdir(folder) and any(len(n) == 64 for n in os.listdir(folder)): break
                os.read(watch, 65536)
            """
        _ = try await Tool.run("python3", ["-c", script, folder])
    }
}
