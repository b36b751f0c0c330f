import Settings
import TestSupport
import Testing

@Suite("Hostile settings")
struct BoundTests {
    @Test("a file above 1 MiB is refused")
    func large() {
        let text = "name: a\n#" + String(repeating: "x", count: 1 << 20)
        #expect(Reading.problems(text).first == "d.yaml:1:1: the file is larger than 1 MiB")
    }

    @Test(
        "a file of very many keys, items or names is refused at once",
        arguments: [
            ("", "k", ": 1\n"), ("server: {tables: [", "t", ", "), ("shapes: {", "s", ": {kind: circle, radius: 1}, "),
            ("", "k: 1\n#", "\n"),
        ])
    func many(head: String, key: String, tail: String) {
        var text = "name: a\n" + head
        var number = 0
        while text.utf8.count < 100 << 10 {
            text += "\(key)\(number)\(tail)"
            number += 1
        }
        if head.contains("[") { text += "]" }
        if head.contains("{") { text += "}" }
        let start = ContinuousClock.now
        #expect(!Reading.problems(text).isEmpty)
        // Seconds, on a machine that is busy with other things: quadratic work would take hours.
        #expect(start.duration(to: .now) < .seconds(60))
    }

    @Test("aliases that multiply are refused before they are followed", arguments: [false, true])
    func laughs(inKeys: Bool) {
        var text = "name: a\nz0: &z0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let list = Array(repeating: "*z\(level - 1)", count: 10).joined(separator: ", ")
            text += inKeys ? "? &z\(level) [\(list)]\n: 1\n" : "z\(level): &z\(level) [\(list)]\n"
        }
        let problems = Reading.problems(text)
        #expect(problems.first?.hasSuffix(": more than 16 aliases") == true, "\(problems)")
    }

    @Test("deep nesting is refused", arguments: ["[", "{a: ", "- ", "? "])
    func deep(opening: String) {
        let problems = Reading.problems(
            "name: " + (opening == "- " ? "\n" : "") + String(repeating: opening, count: 50_000))
        #expect(problems.first?.hasPrefix("d.yaml:") == true)
    }

    @Test("random changes to a file are read or refused, never fatal")
    func fuzz() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let text = """
            name: one
            server: {port: 5, mode: logical, "path": '/srv', tables: [a.b, "c d"]}
            shapes:
              a: &round {kind: circle, radius: 4}
              b: *round
            """
        let letters = Array("\n\t :-#&*!|>'\"%@`[]{},?~<=ax\u{0}\u{1F}\u{85}\u{E000}\u{FEFF}é".unicodeScalars)
        var refused = 0
        for _ in 0..<2000 {
            var scalars = Array(text.unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<scalars.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: scalars[place] = letters[Int.random(in: 0..<letters.count, using: &generator)]
                case 1: scalars.remove(at: place)
                default: scalars.insert(contentsOf: scalars[place..<min(scalars.count, place + 9)], at: place)
                }
            }
            let problems = Reading.problems(String(String.UnicodeScalarView(scalars)))
            #expect(problems.allSatisfy { $0.hasPrefix("d.yaml:") || $0.hasPrefix("hint:  ") }, "seed \(seed)")
            if !problems.isEmpty { refused += 1 }
        }
        #expect(refused > 1000, "seed \(seed)")
    }
}
