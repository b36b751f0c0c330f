/// Looks for what would go wrong with a runbook at three in the morning. Pure: what the world must tell is handed in.
public struct RunbookCheck: Sendable {
    /// Hosts that the environment has; `operator` is always there. Nil when no environment is meant: hosts are not checked.
    public var hosts: Set<String>?
    /// Variables that environment and plan give.
    public var variables: Set<String>
    /// Today, `2026-11-21`.
    public var today: String
    /// Variables that would tell whoever follows what he has to find out himself.
    public static let forbidden: Set<String> = [
        "FAULT_TIME", "FAULT_AT", "BAD_TRANSACTION", "BAD_POSITION", "BAD_GTID", "BAD_LSN", "CORRUPTED_TABLE",
        "FAULT_TABLE", "FAULT_TENANT", "TRUTH",
    ]
    /// Variables that the environment of every command has, and those that a shell sets itself.
    static let usual: Set<String> = ["PATH", "HOME", "LANG", "TZ", "PWD", "IFS", "LC_ALL", "PPID", "OPTARG", "OPTIND"]

    /// A check.
    public init(hosts: Set<String>?, variables: Set<String>, today: String) {
        self.hosts = hosts
        self.variables = variables
        self.today = today
    }

    /// What is wrong, in the order of the lines.
    public func problems(of runbook: Runbook) -> [RunbookProblem] {
        (sections(of: runbook) + review(of: runbook) + actions(of: runbook) + declared(by: runbook) + words(of: runbook))
            .sorted { $0.line < $1.line }
    }

    private func sections(of runbook: Runbook) -> [RunbookProblem] {
        let found = runbook.sections.compactMap(\.kind)
        var problems = [RunbookProblem]()
        for kind in Runbook.SectionKind.allCases where !found.contains(kind) {
            problems.append(
                RunbookProblem(
                    .sectionMissing, line: 1, "has no section `\(kind.rawValue)`", hint: "add `## \(kind.rawValue)`"))
        }
        for section in runbook.sections where section.kind != nil && section.items.isEmpty {
            problems.append(RunbookProblem(.sectionMissing, line: 1, "the section `\(section.title)` is empty"))
        }
        let wanted = Runbook.SectionKind.allCases.filter { found.contains($0) }
        if problems.isEmpty, found != wanted {
            problems.append(
                RunbookProblem(
                    .sectionMissing, line: 1, "the sections are out of order",
                    hint: Runbook.SectionKind.allCases.map(\.rawValue).joined(separator: ", ")))
        }
        return problems
    }

    private func review(of runbook: Runbook) -> [RunbookProblem] {
        guard runbook.head.reviewBy < today else { return [] }
        return [
            RunbookProblem(
                .reviewOverdue, line: 1, "should have been read again by \(runbook.head.reviewBy)",
                hint: "\(runbook.head.owner) reads it against the service as it is, and sets the next `review-by`")
        ]
    }

    private func declared(by runbook: Runbook) -> [RunbookProblem] {
        runbook.head.variables.compactMap { name in
            if Self.forbidden.contains(name) { return forbiddenProblem(name, 1) }
            guard !variables.contains(name) else { return nil }
            return RunbookProblem(
                .unknownVariable, line: 1, "wants the variable `\(name)`, which neither environment nor plan gives",
                hint: "add it to `variables:` of the environment")
        }
    }

    /// Prose says only what can be filled in; shell text says none of it.
    private func words(of runbook: Runbook) -> [RunbookProblem] {
        let items = runbook.sections.flatMap(\.items)
        let unknown = items.flatMap { item -> [RunbookProblem] in
            guard case .text(_, let source, let line) = item else { return [] }
            return RunbookWords.names(in: source).filter { !RunbookWords.names.contains($0) }.map { name in
                RunbookProblem(
                    .unknownWord, line: line, "`{{\(name)}}` stands for nothing",
                    hint: "there are: " + RunbookWords.names.map { "{{\($0)}}" }.joined(separator: ", "))
            }
        }
        let inShell = runbook.scripts.flatMap { script in
            RunbookWords.names(in: script.text).filter(RunbookWords.names.contains).map { name in
                RunbookProblem(
                    .unknownWord, line: script.line, "`{{\(name)}}` in shell text is never filled in",
                    hint: "pass it as a variable of the environment")
            }
        }
        return unknown + inShell
    }

    private func actions(of runbook: Runbook) -> [RunbookProblem] {
        var known = variables.union(runbook.head.variables).union(Self.usual)
        var problems = [RunbookProblem]()
        for action in runbook.actions {
            switch action {
            case .step(let step):
                problems += self.problems(step.script, "step `\(step.id)`", known)
                let after = known.union(step.sets.map { [$0] } ?? [])
                if let verification = step.verification {
                    problems += self.problems(verification, "verification of `\(step.id)`", after)
                } else {
                    problems.append(
                        RunbookProblem(
                            .verificationMissing, line: step.script.line, "step `\(step.id)` has no verification",
                            hint: "add a block `sh {verify=\"\(step.id)\" on=… timeout=…}` below it"))
                }
            case .decision(let decision):
                if let proposal = decision.proposal {
                    problems += self.problems(proposal, "proposal for `\(decision.id)`", known)
                }
                if decision.timeout == nil {
                    problems.append(timeoutMissing("decision `\(decision.id)`", decision.line))
                }
            }
            if let name = action.sets { known.insert(name) }
        }
        return problems
    }

    private func problems(_ script: RunbookScript, _ what: String, _ known: Set<String>) -> [RunbookProblem] {
        var problems = [RunbookProblem]()
        if script.timeout == nil { problems.append(timeoutMissing(what, script.line)) }
        if let hosts, script.host != "operator", !hosts.contains(script.host) {
            problems.append(
                RunbookProblem(
                    .unknownHost, line: script.line,
                    "\(what) is for `\(script.host)`, which the environment does not have",
                    hint: "it has: \((hosts.sorted() + ["operator"]).joined(separator: ", "))"))
        }
        for name in ShellVariables.used(in: script.text) {
            if Self.forbidden.contains(name) {
                problems.append(forbiddenProblem(name, script.line))
            } else if !known.contains(name) {
                problems.append(
                    RunbookProblem(
                        .unknownVariable, line: script.line, "\(what) reads `$\(name)`, which nobody has set by then",
                        hint: "set it by an earlier `sets=`, or by `variables:` of the environment"))
            }
        }
        return problems
    }

    private func timeoutMissing(_ what: String, _ line: Int) -> RunbookProblem {
        RunbookProblem(.timeoutMissing, line: line, "\(what) has no timeout", hint: "add timeout=\"15m\"")
    }

    private func forbiddenProblem(_ name: String, _ line: Int) -> RunbookProblem {
        RunbookProblem(
            .forbiddenVariable, line: line, "`\(name)` would tell what has to be found out",
            hint: "find it as an operator does: `lifeboat timeline`, `lifeboat find-event`")
    }
}
