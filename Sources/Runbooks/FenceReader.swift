import Settings

/// Makes actions of the attributes of a fence, and notes what is wrong with them.
struct FenceReader {
    private let fence: FenceAttributes
    private let line: Int
    private(set) var problems = [RunbookProblem]()

    init(_ fence: FenceAttributes, line: Int) {
        self.fence = fence
        self.line = line
    }

    mutating func refuse(_ message: String, hint: String = "") {
        problems.append(RunbookProblem(.malformed, line: line, message, hint: hint))
    }

    mutating func step(_ text: String) -> RunbookStep? {
        know(["step", "on", "timeout", "phase", "sets", "together", "retries"])
        guard let id = name("step"), let script = body(text) else { return nil }
        var phase = RecoveryPhase.replay
        if let word = fence["phase"] {
            guard let known = RecoveryPhase(rawValue: word) else {
                let hint = NearestName.hint(word, among: RecoveryPhase.allCases.map(\.rawValue), called: "phases")
                refuse("`\(word)` is no phase", hint: hint)
                return nil
            }
            phase = known
        }
        guard let retryCount = Int(fence["retries"] ?? "0"), (0...100).contains(retryCount) else {
            refuse("`retries` is a number from 0 to 100")
            return nil
        }
        return RunbookStep(
            id: id, script: script, verification: nil, phase: phase, sets: variable(), together: fence["together"],
            retryCount: retryCount)
    }

    mutating func decision(_ text: String) -> RunbookDecision? {
        know(["decision", "timeout", "sets"])
        guard let id = name("decision") else { return nil }
        return RunbookDecision(
            id: id, question: text.trimmed, timeout: timeout(), sets: variable(), proposal: nil, line: line)
    }

    /// A verification or a proposal; `own` is the attribute that names what it belongs to.
    mutating func script(_ text: String, own: String) -> RunbookScript? {
        know([own, "on", "timeout"])
        return body(text)
    }

    private mutating func body(_ text: String) -> RunbookScript? {
        guard let host = name("on") else { return nil }
        guard !text.trimmed.isEmpty else {
            refuse("is empty")
            return nil
        }
        return RunbookScript(text: text, host: host, timeout: timeout(), line: line)
    }

    private mutating func know(_ names: [String]) {
        for pair in fence.pairs where !names.contains(pair.name) {
            refuse(
                "`\(pair.name)` means nothing here",
                hint: NearestName.hint(pair.name, among: names, called: "attributes"))
        }
    }

    private mutating func name(_ attribute: String) -> String? {
        guard let value = fence[attribute], !value.isEmpty,
            value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        else {
            refuse("wants `\(attribute)` with a name", hint: "letters, digits, `-` and `_`: \(attribute)=\"app1\"")
            return nil
        }
        return value
    }

    private mutating func timeout() -> Duration? {
        guard let text = fence["timeout"] else { return nil }
        guard let timeout = Quantity.duration(text), timeout > .zero else {
            refuse("`timeout` is no length of time", hint: "write numbers with units: 90s, 15m, 1h30m")
            return nil
        }
        return timeout
    }

    private mutating func variable() -> String? {
        guard let name = fence["sets"] else { return nil }
        guard ShellVariables.isName(name) else {
            refuse("`\(name)` is no name of a variable", hint: "capitals, digits and `_`: POSITION")
            return nil
        }
        return name
    }
}
