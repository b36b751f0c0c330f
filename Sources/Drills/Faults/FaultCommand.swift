/// The shell text that makes a fault, and what proves before it that the place it would break is the environment's own.
struct FaultCommand {
    /// A script and the host that it runs on.
    struct Script {
        var text: String
        var host: String
    }

    /// How a proof ends when the token is not there.
    static let unprovenStatus: Int32 = 44

    /// Run first, where the fault itself goes another way; nil when `fault` begins with it.
    let proof: Script?
    /// Breaks.
    let fault: Script
    /// What both see; `TOKEN` besides.
    let variables: [String: String]
    /// Is the last line of its output the position of the transaction that did it?
    let givesPosition: Bool

    /// - Throws: `DrillError.unsupported` when the environment cannot make it, `.unproven` when there is nothing to prove it by.
    init(_ fault: Fault, _ environment: DrillEnvironment) throws {
        let values = ["HOST": fault.host, "SUBJECT": fault.path ?? "", "NAME": EnvironmentToken.fileName]
        let host = environment.hosts.first { $0.name == fault.host }
        if let own = environment.faultCommands[fault.kind] {
            try self.init(fault, by: own, host, values)
        } else {
            try self.init(fault, environment, host, values)
        }
    }

    /// By the environment's own command, after a proof on the host itself.
    private init(
        _ fault: Fault, by own: String, _ host: DrillEnvironment.Host?, _ values: [String: String]
    ) throws {
        var values = values
        let text: String
        switch fault.kind {
        case .deleteFiles, .encryptFiles, .fillVolume, .withholdCredentials: text = FaultText.proofAbove
        default:
            guard let host, !host.dataFolders.isEmpty else {
                throw DrillError(
                    .unproven, "it has no data folder, so nothing proves that it may be hit", subject: fault.host,
                    hint: "fill in `data:` of the host in the environment")
            }
            values["FOLDERS"] = host.dataFolders.joined(separator: "\n")
            text = FaultText.proofOfHost
        }
        proof = Script(text: text, host: fault.host)
        self.fault = Script(text: own, host: EnvironmentReach.here)
        (variables, givesPosition) = (values, false)
    }

    /// By what is the same everywhere; where it needs a proof, it begins with it.
    private init(
        _ fault: Fault, _ environment: DrillEnvironment, _ host: DrillEnvironment.Host?, _ values: [String: String]
    ) throws {
        var values = values
        var script = Script(text: "", host: fault.host)
        switch fault.kind {
        case .killHost, .cutLink, .staleDNS:
            throw DrillError(
                .unsupported, "this environment cannot make the fault `\(fault.kind.rawValue)`", subject: fault.host,
                hint: "give the command under `faults: {\(fault.kind.rawValue): …}` of the environment")
        case .deleteObjects:
            guard let objects = host?.objects else {
                throw DrillError(
                    .unsupported, "the environment does not say how its bucket is reached", subject: fault.host,
                    hint: "give `objects:` of the host")
            }
            script = Script(text: FaultText.objects(objects), host: EnvironmentReach.here)
        case .run: script.text = fault.script ?? "false"
        case .dropTable, .garbleRows, .deleteRows:
            guard let sql = environment.sql else {
                throw DrillError(
                    .unsupported, "the environment does not say how its database is reached", subject: fault.host,
                    hint: "give `sql:` of the environment")
            }
            let made = try SQLFault(fault, environment.sqlDialect)
            values["STATEMENTS"] = made.statements
            script.text = made.script(client: sql)
        case .deleteFiles: script.text = FaultText.proofAbove + FaultText.delete
        case .encryptFiles: script.text = FaultText.proofAbove + FaultText.encrypt
        case .fillVolume: script.text = FaultText.fill
        case .withholdCredentials: script.text = FaultText.proofAbove + FaultText.withhold
        }
        proof = nil
        self.fault = script
        variables = values
        givesPosition = [.dropTable, .garbleRows, .deleteRows].contains(fault.kind)
    }
}
