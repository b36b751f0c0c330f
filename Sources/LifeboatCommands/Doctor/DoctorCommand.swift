import ArgumentParser
import Configuration
import DataSources
import Recovery

struct DoctorCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at every source and say what is missing, with the statement that mends it.",
        discussion: """
            Asks the servers for versions, privileges and the settings that a promised objective needs. Changes nothing, and does \
            not open the repository.

              lifeboat doctor
              lifeboat doctor app-db
            """)

    @Argument(help: ArgumentHelp("Sources of the configuration (default: all).", valueName: "source"))
    var sources: [String] = []
    @OptionGroup var untested: UntestedOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let configuration = try await ConfigurationAccess(context: context, options: global).load()
        let chosen = try sources.map { name in
            guard let source = configuration.source(name) else {
                throw CommandError(
                    .invalidArgument, "no source is called `\(name)`", subject: configuration.file,
                    hint: "it has: " + configuration.sources.map(\.name).joined(separator: ", "))
            }
            return source
        }
        var access = RecoveryAccess(context: context, options: global)
        access.acceptsUntested = untested.acceptUntested
        let report = await DoctorReport(
            chosen.isEmpty ? configuration.sources : chosen, access.sourceEnvironment, .standard)
        try context.output.report(report, global)
        return report.hasProblems ? .failed : .done
    }
}

/// What was found of each source.
struct DoctorReport: Report {
    struct Examined: Encodable {
        let source: String
        let kind: String
        let findings: [Finding]
    }

    let sources: [Examined]

    /// Asks one source after another.
    init(_ sources: [ProtectedSource], _ environment: SourceEnvironment, _ factory: SourceFactory) async {
        var examined = [Examined]()
        for source in sources {
            let findings = await factory.dataSource(source, environment, nil).examine() + source.rewindFindings
            examined.append(Examined(source: source.name, kind: source.kind.rawValue, findings: findings))
        }
        self.sources = examined
    }

    var hasProblems: Bool { sources.contains { $0.findings.contains { $0.severity == .problem } } }

    var lines: [String] {
        var lines = [String]()
        for source in sources {
            lines.append("\(source.source) (\(source.kind))")
            for finding in source.findings.sorted(by: { $0.severity > $1.severity }) {
                let mark =
                    switch finding.severity {
                    case .good: "ok      "
                    case .warning: "warning "
                    case .problem: "PROBLEM "
                    }
                lines.append("  \(mark) \(finding.message)")
                if !finding.remedy.isEmpty, finding.severity != .good {
                    lines += finding.remedy.split(separator: "\n").map { "             \($0)" }
                }
            }
        }
        let all = sources.flatMap(\.findings)
        let (problems, warnings) = (all.count { $0.severity == .problem }, all.count { $0.severity == .warning })
        return lines + ["\(Units.count(problems, "problem")), \(Units.count(warnings, "warning"))"]
    }
}

extension ProtectedSource {
    /// What a restore in place to a moment would be refused for.
    fileprivate var rewindFindings: [Finding] {
        guard kind == .mariadb, journal != nil, optionFile == nil else { return [] }
        return [
            Finding(
                .warning,
                "there is no option file to give a restored server another server id: it cannot be restored in place",
                remedy: "give the source `option-file: /etc/mysql/mariadb.conf.d/zz-lifeboat.cnf`")
        ]
    }
}
