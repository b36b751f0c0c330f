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
        let here = Ground(production.paths, on: EnvironmentReach.here, reach)
        let own = await here.places()
        let kernel = environment.driver == .ssh ? await GuardedMachine(EnvironmentReach.here, reach).boot : ""
        for host in environment.hosts {
            if let failure = await refusal(of: host, own, kernel: kernel) { return failure }
        }
        return nil
    }

    /// What is wrong with one host; nil when nothing is.
    private func refusal(
        of host: DrillEnvironment.Host, _ production: [Ground.Place], kernel: String
    ) async -> String? {
        let known = environment.production
        let machine = await GuardedMachine(host.name, reach)
        if let failure = machine.failure { return "\(host.name) cannot be asked: \(failure)" }
        if !machine.id.isEmpty, known.machineIDs.contains(machine.id) {
            return "\(host.name) is production's machine \(machine.id)"
        }
        if environment.driver == .ssh, let address = known.addresses.first(where: { machine.addresses.contains($0) }) {
            return "\(host.name) also has the address \(address), which is production's"
        }
        // Numbers of devices and files mean the same only below the same kernel.
        var compared = production
        if environment.driver == .ssh {
            let isHere = !kernel.isEmpty && machine.boot == kernel
            let isKnownForeign = !known.machineIDs.isEmpty && !machine.id.isEmpty
            compared = isHere ? production : []
            // Where nobody can say that it is another machine, what is called as production's there is production's.
            if !isKnownForeign, !isHere { compared = await Ground(known.paths, on: host.name, reach).places() }
        }
        for folder in host.dataFolders {
            let found = await token(in: folder, on: host.name)
            guard found == token.text else {
                return "\(host.name):\(folder) does not have this environment's token"
                    + (found.isEmpty ? "" : ", but another one")
            }
            for place in await Ground([folder], on: host.name, reach).places() {
                if let one = compared.first(where: { $0.overlaps(place) }) {
                    return "\(host.name):\(folder) is a folder of production: \(one.path)"
                }
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
}

/// What a machine says it is, over the connection that leads to it.
private struct GuardedMachine {
    /// `/etc/machine-id`; empty where there is none.
    var id = ""
    /// What the running kernel calls itself; empty where it does not.
    var boot = ""
    /// All addresses that it has, and that which this connection led to.
    var addresses: Set<String> = []
    /// Why it cannot be asked; nil when it can.
    var failure: String?

    init(_ host: String, _ reach: any HostReach) async {
        // The first address of a connection is ours, which may well be production's.
        let text = """
            echo "id $(cat /etc/machine-id 2>/dev/null)"
            echo "boot $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
            connection=${SSH_CONNECTION-}
            echo "at ${connection#* } $(hostname -I 2>/dev/null || true)"
            """
        let outcome = await reach.run(text, on: host, variables: [:], timeout: .seconds(30)) { _ in }
        failure = outcome.failure
        for line in outcome.output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "id": id = words.dropFirst().first ?? ""
            case "boot": boot = words.dropFirst().first ?? ""
            case "at": addresses = Set(words.dropFirst())
            default: break
            }
        }
    }
}

/// Folders and sockets as the kernel knows them, whatever names lead to them.
private struct Ground {
    /// What a path leads to.
    struct Place: Sendable {
        /// As it was named.
        var path: String
        /// Device and inode.
        var itself: String
        /// Those of the folders above, up to but without the root.
        var above: Set<String>

        /// Is one of both in the other, or are they the same?
        func overlaps(_ other: Place) -> Bool {
            itself == other.itself || above.contains(other.itself) || other.above.contains(itself)
        }
    }

    private static let walk = """
        at=$(readlink -f -- "$FOLDER") || exit 0
        [ -e "$at" ] || exit 0
        while [ -n "$at" ] && [ "$at" != / ]; do stat -L -c %d:%i -- "$at"; at=${at%/*}; done
        """

    private let paths: [String]
    private let host: String
    private let reach: any HostReach

    init(_ paths: [String], on host: String, _ reach: any HostReach) {
        (self.paths, self.host, self.reach) = (paths, host, reach)
    }

    /// What is there of the paths.
    func places() async -> [Place] {
        var found: [Place] = []
        for path in paths {
            let outcome = await reach.run(
                Self.walk, on: host, variables: ["FOLDER": path], timeout: .seconds(30)
            ) { _ in }
            let lines = outcome.output.split(separator: "\n").map(String.init)
            guard let first = lines.first else { continue }
            found.append(Place(path: path, itself: first, above: Set(lines.dropFirst())))
        }
        return found
    }
}
