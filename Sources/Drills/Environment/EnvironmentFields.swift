public import Settings

extension DrillEnvironment {
    /// Reads the file of an environment.
    ///
    /// - Parameters:
    ///   - text: what the file holds, values filled in (`EnvironmentValues`).
    ///   - file: what it is called in messages.
    /// - Throws: all problems together.
    public init(text: String, file: String) throws(SettingsError) {
        self = try SettingsDocument(file: file, text: text) { DrillEnvironment($0) }.value
    }

    /// JSON Schema of the file.
    public static var schema: SettingsValue {
        SettingsSchema.of(title: "Environment of drills") { DrillEnvironment($0) }
    }

    init(_ fields: Fields) {
        name = fields.required("environment", .name, help: "its name")
        driver = fields.required("driver", .choice(Driver.self), help: "how hosts are reached")
        hosts = fields.required("hosts", .map(of: .object(Host.init)), help: "its hosts, by name").map { entry in
            var host = entry.value
            host.name = entry.name
            return host
        }
        up = fields.required("up", .text, help: "shell command here that makes it and writes its values")
        down = fields.required("down", .text, help: "shell command here that removes it")
        clear = fields.required(
            "clear", .text, help: "shell command here that brings it back to what it was after `up`")
        status = fields.optional("status", .text, help: "shell command here that says how it is")
        sql = fields.optional(
            "sql", .text, help: "shell command on a fault's host that takes SQL at its standard input")
        sqlDialect = fields(
            "sql-dialect", .choice(SQLDialect.self), help: "what that database speaks", default: .mariadb)
        faultCommands = Self.faultCommands(fields)
        observerNamespace = fields.optional(
            "observer-namespace", .line, help: "network namespace of the observer, when it is not ours")
        operatorNamespace = fields.optional(
            "operator-namespace", .line, help: "network namespace of the operator of runbooks, when it is not ours")
        canary = fields.optional(
            "canary", .object(CanaryPlace.init), help: "where it is heard when a host has a way out")
        variables = Self.variables(fields)
        production = fields.section("production", help: "what must never be hit", Production.init)
        dataKind = fields("data", .choice(DataKind.self), help: "where the data comes from", default: .synthetic)
        productionPoint = fields.optional(
            "production-point", .object(ProductionPoint.init), help: "how a masked point of production gets here")
        productionByteCount = fields.optional("production-size", .byteCount, help: "how much data production has")
        bandwidth = fields.optional(
            "bandwidth", .byteCount, help: "what gets through to stores a second, each way; 0 is all")
        delaySeconds = fields.optional(
            "delay", .number(0...60), help: "what each way to a store takes longer, seconds")
        if bandwidth == 0 { bandwidth = nil }
        if delaySeconds == 0 { delaySeconds = nil }
        if !fields.isPlaceholder { check(fields) }
    }

    private static func faultCommands(_ fields: Fields) -> [Fault.Kind: String] {
        let commands = fields(
            "faults", .map(of: .text), help: "shell commands here for kinds of faults; $HOST and $SUBJECT say of what",
            default: [])
        var faultCommands = [Fault.Kind: String]()
        for command in commands {
            if let kind = Fault.Kind(rawValue: command.name) {
                faultCommands[kind] = command.value
            } else {
                fields.unknownName(
                    at: ["faults", command.name], command.name, among: Fault.Kind.allCases.map(\.rawValue),
                    called: "fault")
            }
        }
        return faultCommands
    }

    private static func variables(_ fields: Fields) -> [String: String] {
        let assignments = fields("variables", .list(of: .line), help: "NAME=value; what runbooks get", default: [])
        var variables = [String: String]()
        for assignment in assignments {
            let name = String(assignment.prefix { $0 != "=" })
            guard assignment.contains("="),
                name.allSatisfy({ $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") })
            else {
                fields.problem(
                    "variables", message: "`\(assignment)` is no assignment", hint: "capitals, then `=`: SOURCE=db")
                continue
            }
            variables[name] = String(assignment.dropFirst(name.count + 1))
        }
        return variables
    }

    /// What one field asks of another.
    private func check(_ fields: Fields) {
        if dataKind == .productionPoint, productionPoint == nil {
            fields.problem(
                "data", message: "`production-point` is not described",
                hint: "production-point: {configuration, source, load, open}")
        }
        if dataKind == .productionPoint, sql == nil {
            fields.problem(
                "data", message: "what comes from production is looked through, and nothing says how",
                hint: "sql: command that takes SQL at its standard input")
        }
        for host in hosts where driver == .namespace && host.namespace == nil {
            fields.problem(
                at: ["hosts", host.name], message: "has no `namespace`", hint: "namespace: NAME of `ip netns`")
        }
        for host in hosts where driver == .ssh && host.knownHostsFile == nil {
            fields.problem(
                at: ["hosts", host.name], message: "has no `known-hosts`",
                hint: "a file with the keys that it must show: a drill never trusts the first one it meets")
        }
    }
}

extension DrillEnvironment.Host {
    init(_ fields: Fields) {
        name = ""
        address = fields("address", .line, help: "as others see it", default: "127.0.0.1")
        user = fields.optional("user", .line, help: "account for ssh")
        port = fields.optional("port", .integer(1...65_535), help: "port of ssh")
        keyFile = fields.optional("key", .path, help: "file of the private key for ssh")
        knownHostsFile = fields.optional("known-hosts", .path, help: "file of the keys that the host must show")
        namespace = fields.optional("namespace", .line, help: "network namespace that it is")
        dataFolders = fields("data", .list(of: .path), help: "its folders with data", default: [])
        objects = fields.optional(
            "objects", .text, help: "shell command here that takes put NAME, get NAME, delete PREFIX for its bucket")
    }
}

extension DrillEnvironment.ProductionPoint {
    init(_ fields: Fields) {
        configuration = fields.required(
            "configuration", .path, help: "configuration that leads to production's repository and cannot write to it")
        store = fields.optional("store", .name, help: "its store, when it has several")
        source = fields.required("source", .name, help: "its database source")
        point = fields("point", .line, help: "ID, the beginning of one, or `latest`", default: "latest")
        load = fields.required(
            "load", .text,
            help:
                "shell command here that brings the masked copy into staging; $LIFEBOAT_SCRATCH_CONNECT connects to it")
        open = fields.required("open", .text, help: "shell command here that then starts the application")
        host = fields("host", .name, help: "host on which `sql` asks staging's database", default: "operator")
    }
}

extension DrillEnvironment.CanaryPlace {
    init(_ fields: Fields) {
        address = fields.required(
            "address", .line, help: "IPv4, outside of the environment: hosts get there only when they have a way out")
        ports = fields(
            "ports", .list(of: .integer(1...65_535)), help: "where it listens, by TCP and UDP", default: [53]
        )
        .compactMap { UInt16(exactly: $0) }
        namespace = fields.optional(
            "namespace", .line, help: "network namespace that it stands in, when it is not ours")
    }
}

extension DrillEnvironment.Production {
    init(_ fields: Fields) {
        configurations = fields(
            "configurations", .list(of: .path), help: "configuration files of production, as far as they are here",
            default: [])
        machineIDs = fields("machine-ids", .list(of: .line), help: "/etc/machine-id of its machines", default: [])
        addresses = fields("addresses", .list(of: .line), help: "addresses of its machines", default: [])
        paths = fields("paths", .list(of: .path), help: "its data folders and sockets", default: [])
    }
}
