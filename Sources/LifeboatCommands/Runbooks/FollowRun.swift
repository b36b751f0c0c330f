import DataSources
import Runbooks

/// Leads a person through a runbook: asks `FollowMachine` what is next, shows it, and writes down what came of it.
struct FollowRun {
    /// How it was left.
    enum Leaving {
        case over
        /// The person left, or the input ended; the log goes on another time.
        case left
    }

    var machine: FollowMachine
    var records: [FollowRecord]
    let log: FollowLogFile
    let terminal: FollowTerminal
    let host: FollowHost
    let words: RunbookWords

    /// Until it is over or somebody leaves.
    mutating func run() async throws -> Leaving {
        while true {
            switch machine.next {
            case .nothing: return .over
            case .conclude:
                try note(.ended)
                return .over
            case .say(let name):
                guard let value = try await terminal.ask("what is \(name)? it is used by the steps") else {
                    return .left
                }
                if !value.isEmpty { try note(.set(name: name, value: value)) }
            case .read(let item):
                show(item)
                guard try await terminal.ask("Enter when you have read it") != nil else { return .left }
                try note(.read(item: item.index))
            case .carryOut(let item, let step, let attempt):
                show(item)
                guard try await carryOut(step, attempt) else { return .left }
            case .settle(_, let step, let failure):
                guard try await settle(step, failure) else { return .left }
            case .decide(let item, let decision):
                show(item)
                guard try await decide(decision) else { return .left }
            }
        }
    }

    /// Writes it down before anything else is done.
    mutating func note(_ event: FollowEvent) throws {
        let record = FollowRecord(at: terminal.now, event: event)
        try log.append(record)
        records.append(record)
        machine.apply(event)
    }

    private func show(_ item: FollowItem) {
        terminal.say()
        if item.isFirst, !item.section.isEmpty {
            let (done, count) = machine.progress
            terminal.say(
                "===== \(item.section.uppercased()) =====  \(done) of \(count) steps and decisions are behind you")
            terminal.say()
        }
        if !item.text.isEmpty {
            terminal.say(
                words.text(item.text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
            terminal.say()
        }
    }

    // MARK: Steps

    private mutating func carryOut(_ step: RunbookStep, _ attempt: Int) async throws -> Bool {
        let again = attempt > 1 ? ", attempt \(attempt)" : ""
        terminal.say("STEP \(step.id), on \(step.script.host)\(RunbookText.limit(step.script))\(again)")
        let isHere = host.isHere(step.script.host)
        if isHere {
            terminal.say(RunbookText.indented(step.script.text))
        } else {
            terminal.say("type on \(step.script.host):")
            terminal.say(host.lines(step.script, machine.variables))
        }
        let keys =
            (isHere ? [(key: "r", means: "run it here")] : []) + [
                (key: "h", means: "done by hand"), (key: "f", means: "failed"), (key: "s", means: "skip"),
                (key: "a", means: "abort"), (key: "q", means: "leave, go on later"),
            ]
        if !isHere { try note(.stepBegan(id: step.id, attempt: attempt)) }
        guard let key = try await terminal.key(keys), key != "q" else { return false }
        switch key {
        case "r":
            try note(.stepBegan(id: step.id, attempt: attempt))
            return try await runHere(step, attempt)
        case "h":
            if isHere { try note(.stepBegan(id: step.id, attempt: attempt)) }
            return try await doneByHand(step)
        case "f":
            if isHere { try note(.stepBegan(id: step.id, attempt: attempt)) }
            guard let why = try await terminal.ask("what went wrong?") else { return false }
            try note(
                .stepEnded(id: step.id, outcome: FollowOutcome(way: .byHand, failure: why.isEmpty ? "failed" : why)))
            return true
        case "s": return try await skip(step)
        case "b": return try goBack()
        default: return try await abort()
        }
    }

    /// Keys that every step has.
    private var others: [(key: String, means: String)] {
        (machine.lastDecision.map { [(key: "b", means: "back to the decision \($0)")] } ?? [])
            + [(key: "a", means: "abort"), (key: "q", means: "leave, go on later")]
    }

    private mutating func goBack() throws -> Bool {
        if let id = machine.lastDecision { try note(.wentBack(to: id)) }
        return true
    }

    private mutating func runHere(_ step: RunbookStep, _ attempt: Int) async throws -> Bool {
        let ending = try await process(step.script, "\(step.id)-\(attempt)", machine.variables)
        var outcome = FollowOutcome(way: .here, failure: ending.failure)
        if ending.failure == nil, step.sets != nil { outcome.value = ending.lastLine ?? "" }
        if outcome.failure == nil, let verification = step.verification {
            guard try await verify(verification, step, "\(step.id)-\(attempt)", &outcome) else { return false }
        }
        try note(.stepEnded(id: step.id, outcome: outcome))
        if outcome.failure == nil { terminal.say("\(step.id): done") }
        return true
    }

    private mutating func doneByHand(_ step: RunbookStep) async throws -> Bool {
        var outcome = FollowOutcome(way: .byHand)
        if let name = step.sets {
            guard let value = try await terminal.ask("what was its last line? it becomes \(name)") else { return false }
            outcome.value = value
        }
        if let verification = step.verification {
            let name = "\(step.id)-\(machine.attempts[step.id] ?? 1)"
            guard try await verify(verification, step, name, &outcome) else { return false }
        }
        try note(.stepEnded(id: step.id, outcome: outcome))
        return true
    }

    /// - Returns: false when the input ended.
    private func verify(
        _ script: RunbookScript, _ step: RunbookStep, _ name: String, _ outcome: inout FollowOutcome
    ) async throws -> Bool {
        var variables = machine.variables
        if let sets = step.sets { variables[sets] = outcome.value }
        terminal.say("shows that it worked, on \(script.host)\(RunbookText.limit(script)):")
        if host.isHere(script.host) {
            terminal.say(RunbookText.indented(script.text))
            let ending = try await process(script, name + "-verify", variables)
            outcome.isVerified = ending.failure == nil
            outcome.failure = ending.failure.map { "its verification \($0)" }
            return true
        }
        terminal.say(host.lines(script, variables))
        guard let key = try await terminal.key([("y", "it ended well"), ("n", "it did not"), ("u", "I cannot look")])
        else {
            return false
        }
        outcome.isVerified = key == "u" ? nil : key == "y"
        if key == "n" { outcome.failure = "its verification failed" }
        return true
    }

    private mutating func settle(_ step: RunbookStep, _ failure: String) async throws -> Bool {
        terminal.say()
        terminal.say("STEP \(step.id) did not end well: \(failure)")
        let keys = [
            (key: "r", means: "retry"), (key: "h", means: "it is done by hand now"), (key: "s", means: "skip"),
        ]
        let key = try await terminal.key(keys + others)
        switch key {
        case nil, "q": return false
        case "r": return try await carryOut(step, (machine.attempts[step.id] ?? 0) + 1)
        case "h": return try await doneByHand(step)
        case "s": return try await skip(step)
        case "b": return try goBack()
        default: return try await abort()
        }
    }

    private mutating func skip(_ step: RunbookStep) async throws -> Bool {
        guard let why = try await terminal.ask("why is \(step.id) left out?") else { return false }
        try note(.skipped(id: step.id, reason: why))
        return true
    }

    private mutating func abort() async throws -> Bool {
        guard let why = try await terminal.ask("why does it end here?") else { return false }
        try note(.aborted(reason: why))
        return true
    }

    private func process(
        _ script: RunbookScript, _ name: String, _ variables: [String: String]
    ) async throws -> FollowStep.Ending {
        let environment = ChildEnvironment.allowed(terminal.context.environment).merging(variables) { $1 }
        let process = FollowStep(
            text: script.text, variables: environment, timeout: script.timeout, file: "\(log.path).\(name).out")
        let terminal = terminal
        let ending = try await process.run { line in terminal.say("  | \(line)") }
        try Task.checkCancellation()
        if let failure = ending.failure { terminal.say("\(name): \(failure)") }
        return ending
    }

    // MARK: Decisions

    private mutating func decide(_ decision: RunbookDecision) async throws -> Bool {
        terminal.say(RunbookText.decision(decision, words))
        var proposed: String?
        while true {
            let isHere = decision.proposal.map { host.isHere($0.host) } ?? false
            let run = isHere ? "p to see what is known, " : ""
            let accept = proposed.map { "Enter for \($0), " } ?? ""
            let question = "\(accept)\(run)or type the answer (q: leave, go on later)"
            guard let typed = try await terminal.ask(question), typed != "q" else { return false }
            if typed == "p", isHere, let proposal = decision.proposal {
                proposed =
                    try await process(proposal, "\(decision.id)-proposal", machine.variables).lastLine ?? proposed
            } else if let value = typed.isEmpty ? proposed : typed {
                try note(.decided(id: decision.id, value: value))
                return true
            }
        }
    }
}
