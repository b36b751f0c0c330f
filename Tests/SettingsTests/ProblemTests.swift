import Settings
import Testing

/// What an owner reads when the file is wrong. A changed sentence is a visible difference here.
@Suite("Problems in settings")
struct ProblemTests {
    @Test("an unknown key, with the one that was meant")
    func unknownKey() {
        #expect(
            Reading.problems("name: a\nserver:\n  prot: 3306\n") == [
                "d.yaml:3:3: server.prot: unknown key", "hint:  did you mean `port`?",
            ])
        #expect(
            Reading.problems("name: a\nfolder: /srv\n") == [
                "d.yaml:2:1: folder: unknown key", "hint:  known here: name, server, shapes",
            ])
    }

    @Test("a wrong type")
    func wrongType() {
        #expect(
            Reading.problems("name: a\nserver:\n  port: many\n") == [
                "d.yaml:3:9: server.port: is \"many\", not a whole number from 1 to 65535"
            ])
        #expect(
            Reading.problems("name: a\nserver: here\n") == [
                "d.yaml:2:9: server: is \"here\", not a group of keys"
            ])
        #expect(
            Reading.problems("name: [a]\n") == ["d.yaml:1:7: name: is a list, not a name"])
    }

    @Test("an unknown word, with the one that was meant")
    func unknownWord() {
        #expect(
            Reading.problems("name: a\nserver: {mode: physcial}\n") == [
                "d.yaml:2:16: server.mode: is \"physcial\", not one of physical, logical",
                "hint:  did you mean `physical`?",
            ])
        #expect(
            Reading.problems("name: a\nshapes:\n  x: {kind: cirle}\n  y: {radius: 1}\n") == [
                "d.yaml:3:13: shapes.x.kind: is \"cirle\", not one of circle, square",
                "hint:  did you mean `circle`?", "d.yaml:4:3: shapes.y.kind: is missing",
                "hint:  one of circle, square",
            ])
    }

    @Test("a key that must be there is not")
    func missing() {
        #expect(
            Reading.problems("shapes:\n  x: {kind: circle}\n") == [
                "d.yaml:1:1: name: is missing", "hint:  name: what it is called",
                "d.yaml:2:3: shapes.x.radius: is missing", "hint:  radius: its radius",
            ])
        #expect(
            Reading.problems("name:\n") == [
                "d.yaml:1:1: name: has no value", "hint:  give one, or leave the key out",
            ])
    }

    @Test(
        "a secret in clear is refused, and never repeated",
        arguments: [
            "hunter2", "\"hunter2\"", "[hunter2]", "{hunter2: x, file: /f}", "{env: hunter-2}", "{file: hunter2}",
            "{file: [hunter2]}",
        ])
    func clearSecret(value: String) {
        let problems = Reading.problems("name: a\nserver:\n  password: \(value)\n")
        #expect(problems.count == 2 && !problems.joined().contains("hunter"), "\(problems)")
    }

    @Test("a secret in clear is explained")
    func secretText() {
        #expect(
            Reading.problems("name: a\nserver:\n  password: hunter2\n") == [
                "d.yaml:3:13: server.password: is written out; secrets never stand in this file, which is copied into "
                    + "every backup",
                "hint:  name its place instead: `password: {file: /etc/lifeboat/password}`, or command:, or env:",
            ])
        #expect(
            Reading.problems("name: a\nserver: {password: {file: /a, env: B}}\n") == [
                "d.yaml:2:20: server.password: names 2 places", "hint:  give exactly one of file:, command:, env:",
            ])
    }

    @Test("keys given twice are all told, and the rest of the file with them")
    func duplicates() {
        #expect(
            Reading.problems(
                "name: a\nserver:\n  port: 1\n  'mode': logical\n  port: 2\n  prot: 3\n  mode: logical\n  port: 4\n")
                == [
                    "d.yaml:5:3: server.port: given twice", "hint:  it stands on line 3 already; keep one of them",
                    "d.yaml:6:3: server.prot: unknown key", "hint:  did you mean `port`?",
                    "d.yaml:7:3: server.mode: given twice", "hint:  it stands on line 4 already; keep one of them",
                ])
    }

    @Test("a tab")
    func tab() {
        #expect(
            Reading.problems("name: a\nserver:\n\tport: 1\n") == [
                "d.yaml:3:1: a tab indents this line", "hint:  indent with spaces; YAML knows no tabs",
            ])
    }

    @Test("a star that nobody quoted")
    func star() {
        #expect(
            Reading.problems("name: a\nserver: {tables: [*.tmp]}\n") == [
                "d.yaml:2:20: this is no YAML: did not find expected alphabetic or numeric character while scanning an alias",
                "hint:  quote text that begins with `*`",
            ])
    }

    @Test("text that is no YAML")
    func syntax() {
        #expect(
            Reading.problems("name: a: b\n") == [
                "d.yaml:1:8: this is no YAML: mapping values are not allowed in this context",
                "hint:  quote a value that holds `: `",
            ])
        #expect(
            Reading.problems("name: [a\n") == [
                "d.yaml:2:1: this is no YAML: did not find expected ',' or ']' while parsing a flow sequence",
                "hint:  check the indentation, brackets and quotes here and on the line above",
            ])
        #expect(
            Reading.problems("name: a\n---\nname: b\n") == [
                "d.yaml:2:1: a second document begins", "hint:  the file is one; remove the line `---`",
            ])
        #expect(
            Reading.problems("# nothing\n") == [
                "d.yaml:1:1: the file is empty", "hint:  `lifeboat config example` prints one to begin with",
            ])
    }

    @Test(
        "whatever else is not ours is refused with a place",
        arguments: [
            "name: !!int 5", "name: *undefined", "- a\n- b", "just text", "name: a\n? [x]\n: y", "name: a\u{0}",
            "name: @x",
            "<<: {name: a}", "name: a\nshapes: {Upper: {kind: circle, radius: 1}}", "name: &a [*a]",
            "? {a: 1, a: 2}\n: x",
        ])
    func foreign(text: String) {
        let problems = Reading.problems(text)
        #expect(problems.first?.hasPrefix("d.yaml:") == true, "\(problems)")
    }

    @Test("problems are told in the order of the file, the first fifty of them")
    func order() {
        let keys = (0..<200).map { "k\($0): 1\n" }.joined()
        let problems = Reading.problems("name: a\n" + keys).filter { !$0.hasPrefix("hint") }
        #expect(problems.count == SettingsError.largestCount)
        #expect(problems.first == "d.yaml:2:1: k0: unknown key" && problems.last == "d.yaml:51:1: k49: unknown key")
    }

    @Test("a file cannot forge lines or move the cursor in a message")
    func forging() {
        let problems = Reading.problems("name: a\n\"x\\nerror\\e[2J: \\u202E\": 1\n")
        #expect(problems.first == "d.yaml:2:1: xerror[2J: : unknown key")
        #expect(problems.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E } })
    }
}
