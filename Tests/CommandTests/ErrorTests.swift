import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// What an operator sees when something is wrong: what, where, what to do. A changed sentence is a visible difference here.
@Suite("Wrong on purpose")
struct ErrorTests {
    private func made() async throws -> Workplace {
        let place = try await Workplace.withRepository()
        try place.write("hello", to: "data/file")
        return place
    }

    private func expect(
        _ outcome: Outcome, _ status: Int32, _ lines: [String], _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.status == status, sourceLocation: location)
        #expect(outcome.errorLines == lines, sourceLocation: location)
        #expect(outcome.output == "", sourceLocation: location)
    }

    @Test("no repository was named")
    func unnamed() async throws {
        let place = try Workplace()
        place.set("LIFEBOAT_REPOSITORY", nil)
        expect(
            await place.run("snapshots"), 64,
            [
                "error: no repository was named",
                "hint:  give --repo with a directory or s3:https://host/bucket/prefix, or set LIFEBOAT_REPOSITORY",
            ])
    }

    @Test("the directory of the repository is not there")
    func absent() async throws {
        let place = try Workplace()
        expect(
            await place.run("snapshots"), 10,
            [
                "error: the directory \(place.repository) is not there", "where: \(place.repository)",
                "hint:  is the disk mounted? `lifeboat init` makes the directory of a new repository",
            ])
    }

    @Test("a directory that is no repository")
    func foreign() async throws {
        let place = try Workplace()
        try place.write("something", to: "repository/else")
        expect(
            await place.run("snapshots"), 10,
            [
                "error: there is no repository here: no object `config`", "where: \(place.repository)",
                "hint:  check the address, or make one with `lifeboat init`",
            ])
    }

    @Test("a repository is there already")
    func taken() async throws {
        let place = try await made()
        expect(
            await place.run("init"), 1,
            [
                "error: a repository is here already", "where: \(place.repository)",
                "hint:  choose another place; `lifeboat key add` adds a password to this one",
            ])
    }

    @Test("a wrong password")
    func wrongPassword() async throws {
        let place = try await made()
        try place.write("wrong", to: "password", mode: 0o600)
        expect(
            await place.run("snapshots"), 12,
            [
                "error: wrong password: the key file does not open", "where: \(place.repository)",
                "hint:  check --password-file, --password-command, LIFEBOAT_PASSWORD_FILE, or `password:` in lifeboat.yaml",
            ])
    }

    @Test("a password file that others can read or write", arguments: [0o644, 0o640, 0o604, 0o620, 0o602] as [mode_t])
    func openPassword(mode: mode_t) async throws {
        let place = try Workplace()
        chmod(place.passwordFile, mode)
        expect(
            await place.run("init"), 1,
            [
                "error: the password file can be read or written by others (mode \(String(mode, radix: 8)))",
                "where: \(place.passwordFile)",
                "hint:  run `chmod 600 \(place.passwordFile)`, and think about who may have read it",
            ])
    }

    @Test("a password file that is not there, that is empty, that is huge")
    func unusablePassword() async throws {
        let place = try Workplace()
        let absent = place.path("absent")
        expect(
            await place.run("init", "-p", absent), 1,
            [
                "error: cannot open the password file: no such file or directory", "where: \(absent)",
                "hint:  check the path; a mounted secret may be missing",
            ])
        try place.write(" \n\t", to: "password", mode: 0o600)
        expect(
            await place.run("init"), 1,
            [
                "error: the password file is empty", "where: \(place.passwordFile)",
                "hint:  write the secret into it; white space at its ends does not count",
            ])
        try place.write(String(repeating: "x", count: 70_000), to: "password", mode: 0o600)
        expect(
            await place.run("init"), 1,
            [
                "error: the password file is larger than 64 KiB", "where: \(place.passwordFile)",
                "hint:  is it the right file?",
            ])
    }

    @Test("no password and nobody to ask")
    func nobody() async throws {
        let place = try await made()
        place.set("LIFEBOAT_PASSWORD_FILE", nil)
        expect(
            await place.run("snapshots"), 1,
            [
                "error: no password was given, and there is no terminal to ask for one",
                "hint:  give --password-file or --password-command, or set LIFEBOAT_PASSWORD_FILE",
            ])
    }

    @Test("a password that is empty, or typed in two ways")
    func typed() async throws {
        let place = try Workplace()
        place.set("LIFEBOAT_PASSWORD_FILE", nil)
        expect(
            await place.run("init", answers: [""]), 1,
            ["error: the password is empty", "hint:  restic refuses empty passwords too"])
        expect(
            await place.run("init", answers: ["one", "two"]), 1,
            ["error: the two passwords differ", "hint:  nothing was changed; try again"])
    }

    @Test("a key file that was cut short")
    func cutKey() async throws {
        let place = try await made()
        let key = try #require(try place.list("repository/keys").first)
        let file = "repository/keys/\(key)"
        let text = try place.read(file)
        chmod(place.path(file), 0o600)
        try place.write(String(text.prefix(100)), to: file)
        expect(
            await place.run("snapshots"), 1,
            [
                "error: the key file is cut short or damaged: its bytes do not have the digest that names them",
                "where: keys/\(key) of \(place.repository)",
                "hint:  bring it back from a replica or a copy, or open with another key",
            ])
    }

    @Test("a path to back up that is not there")
    func missingPath() async throws {
        let place = try await made()
        let path = place.path("nowhere")
        expect(
            await place.run("backup", "--path", place.path("data"), "--path", path), 1,
            [
                "error: cannot back up: no such file or directory", "where: \(path)",
                "hint:  mend the path, or take it out of the source",
            ])
        #expect(try place.list("repository/").contains("snapshots") == false, "nothing was stored")
    }

    @Test("a lock that is held tells who holds it since when, and --retry-lock waits for it")
    func locked() async throws {
        let place = try await made()
        try await place.restic("backup", place.path("data"))
        let lock = try await LockHolder(place, exclusive: true)
        let outcome = await place.run("backup", "--path", place.path("data"))
        #expect(outcome.status == 11)
        let lines = outcome.errorLines
        #expect(lines.count == 3)
        #expect(
            lines.first?.hasPrefix(
                "error: the repository is locked: an exclusive lock held by someone@elsewhere, process 4711, since 20")
                == true)
        #expect(lines.dropFirst().first?.hasPrefix("where: locks/") == true)
        #expect(
            lines.last
                == "hint:  wait for it (--retry-lock 10m), or, when that process is gone, run `lifeboat unlock`")
        async let waiting = place.run("backup", "--path", place.path("data"), "--retry-lock", "60s")
        await lock.release()
        #expect(await waiting.status == 0)
    }

    @Test("unlock leaves the lock of a living process, and --remove-all takes it")
    func unlock() async throws {
        let place = try await made()
        let lock = try await LockHolder(place, exclusive: false)
        #expect(await place.run("unlock").output == "there was nothing to remove\n")
        #expect(try place.list("repository/locks").count == 1)
        #expect(await place.run("unlock", "--remove-all").output == "removed 1 lock\n")
        #expect(try place.list("repository/locks").isEmpty)
        await lock.release()
    }

    @Test("with --json the error is one object on standard error")
    func json() async throws {
        let place = try Workplace()
        let outcome = await place.run("snapshots", "--json")
        let error = try JSONDecoder().decode(ErrorObject.self, from: Data(outcome.messages.utf8))
        #expect(
            error
                == ErrorObject(
                    message_type: "error", code: "noRepository",
                    message: "the directory \(place.repository) is not there", where: place.repository,
                    hint: "is the disk mounted? `lifeboat init` makes the directory of a new repository", exit_code: 10)
        )
        #expect(outcome.status == 10 && outcome.output == "")
    }

    private struct ErrorObject: Decodable, Equatable {
        let message_type: String
        let code: String
        let message: String
        let `where`: String
        let hint: String
        let exit_code: Int32
    }

    @Test("a snapshot that is not there, and a path that is in none")
    func missingSnapshot() async throws {
        let place = try await made()
        expect(
            await place.run("ls", "latest"), 1,
            [
                "error: there is no snapshot yet", "where: \(place.repository)",
                "hint:  `lifeboat snapshots` lists what there is",
            ])
        #expect(await place.run("backup", "--path", place.path("data"), "--quiet").output == "")
        expect(
            await place.run("ls", "0123abcd"), 1,
            [
                "error: no snapshot's ID begins with `0123abcd`", "where: \(place.repository)",
                "hint:  `lifeboat snapshots` lists what there is; `latest` is the newest",
            ])
        let outcome = await place.run("dump", "latest", "/no/such")
        #expect(outcome.status == 1 && outcome.errorLines.first == "error: there is no /no/such in the snapshot")
    }

    @Test("a repository of a newer format")
    func newer() async throws {
        let place = try await made()
        try await NewerConfig.write(to: place)
        expect(
            await place.run("snapshots"), 1,
            [
                "error: repository format 3 is newer than this program knows (1 and 2)",
                "where: config of \(place.repository)", "hint:  use a newer lifeboat, or the tool that wrote it",
            ])
    }
}
