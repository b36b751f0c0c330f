import ArgumentParser
import DataSources
import Recovery

struct VerifyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Restore a recovery point into throw-away servers and question it.",
        discussion: """
            A backup that was never restored is a hope. This restores each source for real, starts a private server on it, runs \
            the engine's own checks, compares every table with what was counted when the point was made, and asks the configured \
            assertions. Nothing live is touched; what was made is removed again.

              lifeboat verify
              lifeboat verify 1a2b3c4d --source app-db

            Exit code 4: it did not come back, or is not what it was. 5: it came back, and nothing says what it should be.
            """)

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "point")) var point = "latest"
    @Option(help: ArgumentHelp("The newest point of this plan.", valueName: "name")) var plan: String?
    @Option(help: ArgumentHelp("Only this source; may be given several times.", valueName: "name"))
    var source: [String] = []
    @OptionGroup var untested: UntestedOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        var access = RecoveryAccess(context: context, options: global)
        access.acceptsUntested = untested.acceptUntested
        let opened = try await access.open(plan: plan)
        let entry = try await PointStore(opened.recovery.repository).find(point, plan: plan, having: source)
        let names = source.isEmpty ? entry.point.parts.filter { $0.outcome != .skipped }.map(\.source) : source
        let sources = try names.map { try opened.source($0) }
        let (output, isQuiet) = (context.output, global.quiet || global.json)
        let run = VerifyRun(entry, sources: sources, in: opened.recovery) { source, phase in
            if !isQuiet { output.draw("\(source): \(phase.words)") }
        }
        let record = try await run.verify()
        output.erase()
        // A ledger that cannot be written to must not hide what was found.
        try output.report(VerificationReport(record: record), global)
        try output.flush()
        try await run.keep(record)
        switch record.verdict {
        case .pass: return .done
        case .inconclusive: return .inconclusive
        case .fail: return .verdictFail
        }
    }
}

extension PointRestore.Phase {
    /// What is being done.
    var words: String {
        switch self {
        case .fetch: "restoring the files"
        case .checkFiles: "checking the files"
        case .build: "preparing the data"
        case .log: "fetching the log"
        case .locate: "looking for the place in the log"
        case .replay: "replaying the log"
        case .start: "starting a private server"
        case .handover: "erasing, masking"
        case .check: "running the engine's checks"
        case .pins: "comparing tables"
        case .assertions: "asking the assertions"
        }
    }
}

private struct VerificationReport: Report {
    let record: Verification

    func encode(to encoder: any Encoder) throws { try record.encode(to: encoder) }

    var lines: [String] {
        var lines = [String]()
        for part in record.parts {
            let seconds = part.phases.reduce(0) { $0 + $1.seconds }
            lines.append(
                "\(part.source): \(part.verdict.rawValue.uppercased()), \(Units.bytes(part.byteCount)) in "
                    + "\(Units.decimal(seconds, 1)) s" + (part.message.isEmpty ? "" : ": \(part.message)"))
            lines += part.checks.map { "  \($0.isSound ? "ok  " : "FAIL") \($0.name): \($0.message)" }
            if let pins = part.pins {
                lines.append(
                    pins.notCompared.map { _ in "  --   tables were not compared" }
                        ?? "  \(pins.different.isEmpty ? "ok  " : "FAIL") \(Units.count(pins.equal, "table")) equal to the pins"
                        + (pins.different.isEmpty ? "" : ", \(pins.different.count) different"))
            }
            lines += part.assertions.map { "  \($0.holds ? "ok  " : "FAIL") \($0.name): \($0.answer)" }
            // What took no time is of no interest to people.
            let phases = part.phases.filter { $0.seconds >= 0.05 }.map {
                "\($0.phase.rawValue) \(Units.decimal($0.seconds, 1)) s"
            }
            if !phases.isEmpty { lines.append("  " + phases.joined(separator: ", ")) }
        }
        return lines + ["point \(record.point): \(record.verdict.rawValue.uppercased())"]
    }
}
