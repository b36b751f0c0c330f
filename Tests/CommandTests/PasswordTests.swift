import Glibc
import Testing

@testable import LifeboatCommands

@Suite("Passwords")
struct PasswordTests {
    @Test(
        "white space at both ends is removed and other encodings are decoded, as restic does it",
        arguments: [
            ("secret\n", "secret"), ("  two words \r\n", "two words"), ("\u{A0}\u{2003}x\u{3000}\u{85}", "x"),
            ("x\u{200B}", "x\u{200B}"),
            ("\u{FEFF}secret\n", "secret"),
        ])
    func text(input: String, password: String) {
        #expect(PasswordText.password(in: Array(input.utf8)) == Array(password.utf8))
    }

    @Test("UTF-16 with a byte order mark is decoded")
    func utf16() {
        #expect(PasswordText.password(in: [0xFF, 0xFE, 0xE4, 0x00, 0x0A, 0x00]) == Array("ä".utf8))
        #expect(PasswordText.password(in: [0xFE, 0xFF, 0x00, 0xE4]) == Array("ä".utf8))
    }

    @Test("bytes that are not UTF-8 stay what they are")
    func bytes() { #expect(PasswordText.password(in: [0x20, 0xFF, 0x85, 0x20]) == [0xFF, 0x85]) }

    @Test("a program prints the password; it sees no secrets of ours, and its failure is told")
    func program() async throws {
        let place = try await Workplace.withRepository()
        place.set("LIFEBOAT_PASSWORD_FILE", nil)
        place.set("AWS_SECRET_ACCESS_KEY", "hidden")
        place.set("SECRET_OF", Workplace.password)
        let sees = "sh -c 'test -z \"$AWS_SECRET_ACCESS_KEY\" && echo \"$SECRET_OF\"'"
        let outcome = await place.run("snapshots", "--password-command", sees)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(
            await place.run("snapshots", "--password-command", "sh -c 'exit 3'").errorLines
                == ["error: the password command failed: exited(3)", "where: sh"])
        let absent = await place.run("snapshots", "--password-command", "no-such-program")
        #expect(absent.status == 1 && absent.messages.contains("hint:  is it installed, and in PATH?"))
    }

    @Test("a generated password file is for its owner alone, and never replaces another")
    func generated() async throws {
        let place = try Workplace()
        let file = place.path("secret")
        let before = umask(0)
        let outcome = await place.run("init", "--generate-password-file", file)
        umask(before)
        #expect(outcome.status == 0, "\(outcome.messages)")
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o7777 == 0o600)
        #expect(await place.run("snapshots", "-p", file).status == 0)
        place.set("LIFEBOAT_REPOSITORY", place.path("other"))
        let again = await place.run("init", "--generate-password-file", file)
        #expect(again.status == 1)
        #expect(
            again.errorLines == [
                "error: cannot make the file of the new password: file exists", "where: \(file)",
                "hint:  choose a new name; an existing file is never replaced",
            ])
    }

    @Test("two sources of a password exclude each other")
    func two() async throws {
        let place = try await Workplace.withRepository()
        let outcome = await place.run("snapshots", "-p", place.passwordFile, "--password-command", "true")
        #expect(outcome.status == 64)
    }
}
