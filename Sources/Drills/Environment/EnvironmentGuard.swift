/// Positive proof and negative check before anything is broken: DESIGN 8.
public struct EnvironmentGuard: DrillGuard {
    private let environment: DrillEnvironment
    private let token: EnvironmentToken
    private let reach: any HostReach

    /// - Parameters:
    ///   - environment: whose hosts are to be broken; `production` holds everything that is known of production.
    ///   - token: what was planted.
    ///   - reach: the very connections that will carry the faults.
    public init(_ environment: DrillEnvironment, token: EnvironmentToken, reach: any HostReach) {
        self.environment = environment
        self.token = token
        self.reach = reach
    }

    public func prove() async -> String? {
        let production = environment.production
        if let host = environment.hosts.first(where: { production.addresses.contains($0.address) }) {
            return "\(host.name) has the address \(host.address), which is production's"
        }
        if environment.driver == .ssh, production.machineIDs.isEmpty, production.addresses.isEmpty {
            return "nothing is known of production, so nothing can be compared with it: fill in `production:`"
        }
        guard environment.hosts.contains(where: { !$0.dataFolders.isEmpty }) else {
            return "no host has a data folder, so nothing can be proven: fill in `data:` of the hosts"
        }
        let own = await Self.inodes(of: production.paths, on: EnvironmentReach.here, reach)
        for host in environment.hosts {
            if let failure = await refusal(of: host, own) { return failure }
        }
        return nil
    }

    /// What is wrong with one host; nil when nothing is.
    private func refusal(of host: DrillEnvironment.Host, _ production: Set<String>) async -> String? {
        let machine = await reach.run(
            "cat /etc/machine-id 2>/dev/null || true", on: host.name, variables: [:], timeout: .seconds(30)
        ) { _ in }
        if let failure = machine.failure { return "\(host.name) cannot be asked: \(failure)" }
        let identity = machine.lastLine ?? ""
        if !identity.isEmpty, environment.production.machineIDs.contains(identity) {
            return "\(host.name) is production's machine \(identity)"
        }
        for folder in host.dataFolders {
            let found = await token(in: folder, on: host.name)
            guard found == token.text else {
                return "\(host.name):\(folder) does not have this environment's token"
                    + (found.isEmpty ? "" : ", but another one")
            }
            let inodes = await Self.inodes(of: [folder], on: host.name, reach)
            if environment.driver != .ssh, !inodes.isDisjoint(with: production) {
                return "\(host.name):\(folder) is a folder of production"
            }
            if environment.driver == .ssh, environment.production.paths.contains(folder), identity.isEmpty {
                return
                    "\(host.name):\(folder) is called as a folder of production, and the machine cannot be told apart"
            }
        }
        return nil
    }

    private func token(in folder: String, on host: String) async -> String {
        let outcome = await reach.run(
            "cat \"$FOLDER/$NAME\" 2>/dev/null || true", on: host,
            variables: ["FOLDER": folder, "NAME": EnvironmentToken.fileName], timeout: .seconds(30)
        ) { _ in }
        return outcome.lastLine ?? ""
    }

    /// Device and inode of what is there of `paths`, whatever names lead to it; folders above count for what is below them.
    private static func inodes(of paths: [String], on host: String, _ reach: any HostReach) async -> Set<String> {
        var found: Set<String> = []
        for path in paths {
            let outcome = await reach.run(
                "stat -L -c %d:%i -- \"$FOLDER\" 2>/dev/null || true", on: host, variables: ["FOLDER": path],
                timeout: .seconds(30)
            ) { _ in }
            if let line = outcome.lastLine { found.insert(line) }
        }
        return found
    }
}
