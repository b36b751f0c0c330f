import Settings
import Testing

@Suite("Reading settings")
struct ReadingTests {
    @Test("what the file says is read, what it leaves out has its default")
    func values() throws {
        let text = """
            name: one
            server:
              port: 5
              mode: logical
              path: "/srv/a b"
              budget: 1h30m
              size: 2GiB
              share: 0.25
              quiet: true
              tables: [a.b, 'c d']
              password: {env: SECRET}
            """
        let server = try Reading.drawing(text).value.server
        #expect(server.port == 5 && server.mode == .logical && server.path == "/srv/a b")
        #expect(server.budget == .seconds(5400) && server.size == 2 << 30 && server.share == 0.25)
        #expect(server.isQuiet && server.tables == ["a.b", "c d"] && server.password == .env("SECRET"))
        let bare = try Reading.drawing("name: one").value.server
        #expect(bare.port == 3306 && bare.mode == .physical && bare.size == 64 << 20 && bare.password == nil)
    }

    @Test("named entries keep their order, and the key that says the kind chooses the keys")
    func variants() throws {
        let text = """
            name: one
            shapes:
              zig: {kind: square, side: 3}
              ant: {kind: circle, radius: 4}
            """
        let shapes = try Reading.drawing(text).value.shapes
        #expect(shapes.map(\.name) == ["zig", "ant"])
        #expect(shapes.map(\.value) == [.square(side: 3), .circle(radius: 4)])
    }

    @Test("what is in effect is the file with its defaults, and reads as the same again")
    func effective() throws {
        let document = try Reading.drawing(
            """
            name: one
            server: {budget: 90s, tables: ["*.tmp", "no", "a: b"], password: {file: /p}}
            shapes: {a: {kind: circle, radius: 4}}
            """)
        let lines = [
            "name: one", "server:", "  port: 3306", "  mode: physical", "  path: /srv", "  budget: 1m30s",
            "  size: \"64M\"", "  share: 0.5", "  quiet: false", "  tables:", "    - \"*.tmp\"", "    - \"no\"",
            "    - \"a: b\"", "  password:", "    file: /p", "shapes:", "  a:", "    kind: circle", "    radius: 4",
        ]
        #expect(document.effective.yamlLines == lines)
        #expect(try Reading.drawing(lines.joined(separator: "\n")).effective == document.effective)
    }

    @Test("an alias repeats what its anchor holds")
    func alias() throws {
        let text = """
            name: one
            shapes:
              a: &round {kind: circle, radius: 4}
              b: *round
            """
        #expect(try Reading.drawing(text).value.shapes.map(\.value) == [.circle(radius: 4), .circle(radius: 4)])
    }

    @Test(
        "durations are read with units",
        arguments: [
            ("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000), ("2w", 1_209_600), ("1h30m", 5400),
            ("0s", 0),
        ] as [(String, Int64)])
    func durations(text: String, seconds: Int64) throws {
        #expect(try Reading.drawing("{name: a, server: {budget: \(text)}}").value.server.budget == .seconds(seconds))
    }

    @Test(
        "what is no duration, size or number is refused",
        arguments: [
            "budget: 10", "budget: 1x", "budget: -1s", "budget: 99999999999s", "budget: 9999999999w", "budget: \"\"",
            "size: 1X", "size: -1", "size: 99999999T", "size: iB", "share: 1.5", "share: nan", "port: 0", "port: 1.5",
            "quiet: yes", "path: srv", "path: [/srv]", "tables: one", "tables: {a: b}", "port: ~", "mode: null",
        ])
    func refused(line: String) {
        let problems = Reading.problems("name: a\nserver:\n  \(line)")
        #expect(problems.first?.hasPrefix("d.yaml:3:") == true, "\(problems)")
    }

    @Test("JSON and YAML escape what they must")
    func writing() {
        let value: SettingsValue = ["a b": ["say \"x\"\n\u{1}\\", 1, true, .number(0.5)], "empty": [:], "none": []]
        #expect(value.json() == #"{"a b":["say \"x\"\n\u0001\\",1,true,0.5],"empty":{},"none":[]}"#)
        #expect(
            value.yamlLines == [
                #""a b":"#, #"  - "say \"x\"\n\u0001\\""#, "  - 1", "  - true", "  - 0.5", "empty: {}", "none: []",
            ])
        #expect(
            (["a": [1, ["b": 2]]] as SettingsValue).json(isIndented: true).contains("    {\n      \"b\": 2\n    }"))
    }
}
