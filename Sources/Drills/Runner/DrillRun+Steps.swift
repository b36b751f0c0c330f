import FoundationEssentials
import Runbooks

/// What comes while steps are carried out.
private enum Happening: Sendable {
    case ended(String, StepOutcome)
    case degraded(DrillEvent, at: Double)
}

/// Waits until the degraded service answers, or does not any more.
private struct DegradedWatch: Sendable {
    let view: ObserverView
    let probes: [String]
    let after: DrillRun.State.DegradedMark?
    let look: Duration

    init(_ view: ObserverView, _ probes: [String], after: DrillRun.State.DegradedMark?, look: Duration) {
        (self.view, self.probes, self.after, self.look) = (view, probes, after, look)
    }

    func next() async throws -> Happening {
        var view = view
        while true {
            try view.update()
            if let (event, at) = after?.next(view, probes) { return .degraded(event, at: at) }
            try await Task.sleep(for: look)
        }
    }
}

extension DrillRun {
    /// Carries out steps side by side; each one's end is written down as it comes.
    func carryOut(_ steps: [RunbookStep], _ state: inout State) async throws {
        let known = state.machine.variables
        var attempts: [String: Int] = [:]
        for step in steps {
            attempts[step.id] = state.machine.attempt(of: step)
            try state.add(.stepBegan(id: step.id, attempt: attempts[step.id] ?? 1))
        }
        let watcher = DegradedWatch(state.view, scenario.degradedBy, after: state.degradedMark, look: Self.look)
        try await withThrowingTaskGroup(of: Happening.self) { group in
            for step in steps {
                let attempt = attempts[step.id] ?? 1
                group.addTask { .ended(step.id, await carryOut(step, attempt, known)) }
            }
            group.addTask { try await watcher.next() }
            var left = steps.count
            while left > 0, let happening = try await group.next() {
                try Task.checkCancellation()
                switch happening {
                case .ended(let id, let outcome):
                    left -= 1
                    try state.add(.stepEnded(id: id, outcome: outcome))
                case .degraded(let event, let at):
                    try state.add(event, at: at)
                    let rest = DegradedWatch(
                        watcher.view, scenario.degradedBy, after: state.degradedMark, look: Self.look)
                    group.addTask { try await rest.next() }
                }
            }
            group.cancelAll()
            // The watcher ends by being cancelled.
            while (try? await group.next()) != nil {}
        }
    }

    private func carryOut(_ step: RunbookStep, _ attempt: Int, _ known: [String: String]) async -> StepOutcome {
        let outcome = await run(step.script, step.id, attempt: attempt, known)
        guard outcome.failure == nil else {
            return StepOutcome(exit: outcome.exit, isVerified: nil, failure: outcome.failure, value: nil)
        }
        var variables = known
        if let name = step.sets, let value = outcome.lastLine { variables[name] = value }
        guard let verification = step.verification else {
            return StepOutcome(exit: outcome.exit, isVerified: nil, failure: nil, value: outcome.lastLine)
        }
        let verified = await run(verification, step.id + ".verify", attempt: attempt, variables)
        return StepOutcome(
            exit: outcome.exit, isVerified: verified.failure == nil,
            failure: verified.failure.map { "its verification failed: \($0)" },
            value: step.sets == nil ? nil : outcome.lastLine)
    }

    /// Runs a script on its host; what it wrote is kept.
    func run(
        _ script: RunbookScript, _ id: String, attempt: Int, _ known: [String: String]
    ) async -> ScriptOutcome {
        let lines = StepLog(folder.log(of: id, attempt: attempt))
        var own = variables.merging(known) { _, new in new }
        own["LIFEBOAT_STEP"] = StepProcesses(folder).file(of: id, attempt: attempt)
        let outcome = await parts.reach.run(
            script.text, on: script.host, variables: own,
            timeout: script.timeout,
            report: { lines.add($0) })
        lines.finish(outcome)
        return outcome
    }
}
