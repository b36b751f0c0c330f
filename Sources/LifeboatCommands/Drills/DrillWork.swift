import DataSources
import Drills
import Runbooks

/// Puts the parts of a drill together and carries it out.
struct DrillWork {
    let material: DrillMaterial
    let folder: DrillFolder
    let token: EnvironmentToken
    let isAttended: Bool
    let keepsStaging: Bool
    let context: CommandContext
    let global: GlobalOptions

    /// Runs it to its end, and gives the report.
    func run(_ beginning: DrillBeginning, isResumed: Bool) async throws -> DrillReport {
        let progress = DrillProgress(
            context.output, material.scenario, isQuiet: global.quiet || global.json, keepsStaging: keepsStaging)
        let before = isResumed ? try LineLog<DrillRecord>(folder.events).read() : []
        progress.know(before)
        let begun = Self.seed(before) ?? beginning.seed
        let judge = DrillJudge(folder, material.scenario, material.environment, material.runbook)
        let drill = DrillRun(
            material.scenario, material.runbook, in: folder, variables: material.environment.variables,
            parts: parts(seed: begun), watch: { progress.show($0) }, judge: { try judge.verdict($0) })
        _ = try await (isResumed ? drill.resume() : drill.begin(beginning))
        progress.end()
        return try DrillReport(of: folder)
    }

    private static func seed(_ records: [DrillRecord]) -> UInt64? {
        records.lazy.compactMap { record in
            if case .began(let beginning) = record.event { beginning.seed } else { nil }
        }.first
    }

    private func parts(seed: UInt64) -> DrillRun.Parts {
        let (access, environment) = (material.access, material.environment)
        let reach = access.reach(environment)
        var variables = environment.variables
        variables["OBSERVER_LOG"] = folder.observer
        let shell = ShellExaminer(material.scenario, reach: reach, variables: variables)
        let fence = fence(reach)
        let data = production(reach)
        var parts = DrillRun.Parts(
            reach: reach, safety: EnvironmentGuard(environment, token: token, reach: reach),
            observer: ProcessObserver(
                program: EnvironmentAccess.program, folder: folder, namespace: environment.observerNamespace,
                variables: access.variables),
            injector: ShellInjector(
                material.scenario, environment, token: token, in: folder, reach: reach, seed: seed),
            person: isAttended ? TerminalPerson(context: context) : Unattended(),
            examiner: Examiners(all: [shell] + [data].compactMap { $0 } + [fence].compactMap { $0 }),
            clearing: keepsStaging ? NoClearing() : EnvironmentClearing(access: access, folder: folder))
        parts.restores = DrilledPlan(environment: environment, context: context)
        // The fence first: nothing of production gets to where there is a way out.
        parts.preparations = [fence].compactMap { $0 } + [data].compactMap { $0 }
        return parts
    }

    /// What proves the fence; nil when there is no canary and nobody asks for one.
    private func fence(_ reach: any HostReach) -> CanaryFence? {
        var environment = material.environment
        if let own = material.scenario.fence.canary.flatMap({ DrillEnvironment.CanaryPlace($0) }) {
            environment.canary = own
        }
        let isAsked = material.scenario.fence.isAsked || environment.dataKind == .productionPoint
        guard environment.canary != nil || isAsked else { return nil }
        return CanaryFence(
            environment, in: folder, reach: reach, program: EnvironmentAccess.program,
            variables: material.access.variables)
    }
}

extension DrillWork {
    /// What brings a point of production into staging; nil for synthetic data.
    private func production(_ reach: any HostReach) -> ProductionData? {
        guard material.environment.dataKind == .productionPoint, let settings = material.environment.productionPoint,
            let mask = material.scenario.masks
        else { return nil }
        return ProductionData(
            settings: settings, mask: mask, scenario: material.scenario, environment: material.environment,
            folder: folder, reach: reach, context: context,
            global: global)
    }
}

/// Several who look at the end, one after another; the fence last.
private struct Examiners: DrillExaminer {
    let all: [any DrillExaminer]

    func examine() async -> [(what: String, failure: String?)] {
        var results = [(what: String, failure: String?)]()
        for one in all { results += await one.examine() }
        return results
    }
}

/// Staging stays as the drill left it.
private struct NoClearing: StagingClearing {
    func clear() async throws {}
}

/// Makes staging anew, and plants its word again.
struct EnvironmentClearing: StagingClearing {
    let access: EnvironmentAccess
    let folder: DrillFolder

    func clear() async throws {
        let environment = try access.load()
        try await ShellClearing(environment, reach: access.reach(environment), in: folder).clear()
        try await access.plant(try access.load())
    }
}

/// Whoever sits at the terminal.
struct TerminalPerson: DrillPerson {
    let context: CommandContext

    var name: String { "attended" }

    func declare(_ probe: String) async throws {
        context.output.message("`\(probe)` fails. Is this an emergency? Enter declares it.")
        _ = try await context.inputLine(4096)
    }

    func decide(_ decision: RunbookDecision, proposal: ScriptOutcome?) async throws -> String {
        if let proposal {
            for line in proposal.output.split(separator: "\n") { context.output.message("  \(line)") }
            if let failure = proposal.failure { context.output.message("  the proposal failed: \(failure)") }
        }
        while true {
            let hint = proposal?.lastLine.map { " [\($0)]" } ?? ""
            context.output.message("\(decision.question)\(hint)")
            guard let line = try await context.inputLine(4096) else {
                throw CommandError(.interrupted, "nobody answers any more", subject: decision.id)
            }
            let answer = line.isEmpty ? proposal?.lastLine ?? "" : line
            if !answer.isEmpty { return answer }
        }
    }
}
