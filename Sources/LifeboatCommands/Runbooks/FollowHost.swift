import DataSources
import Drills
import Runbooks

/// Where a step is carried out, and what a person types there.
struct FollowHost {
    let environment: DrillEnvironment?

    /// Can this program do it? On the machine that it runs on, and where all hosts are this machine.
    func isHere(_ host: String) -> Bool { host == "operator" || environment?.driver == .local }

    /// How to get there, in a line; nil when nobody said.
    func way(to name: String) -> String? {
        guard let environment, let host = environment.hosts.first(where: { $0.name == name }) else { return nil }
        switch environment.driver {
        case .local: return nil
        case .namespace: return "ip netns exec \(ShellWords.quoted(host.namespace ?? name)) sh"
        case .ssh:
            let account = host.user.map { "\($0)@" } ?? ""
            return
                (["ssh"] + (host.port.map { ["-p", "\($0)"] } ?? []) + (host.keyFile.map { ["-i", $0] } ?? [])
                + (host.knownHostsFile.map { ["-o", "UserKnownHostsFile=\($0)"] } ?? []) + [account + host.address])
                .map { ShellWords.quoted($0) }.joined(separator: " ")
        }
    }

    /// What to type there: the variables that the text reads, then the text, for a shell that stops at the first failure.
    func lines(_ script: RunbookScript, _ variables: [String: String]) -> [String] {
        let used = variables.filter { script.text.contains("$\($0.key)") || script.text.contains("${\($0.key)") }
        let assignments = used.sorted { $0.key < $1.key }.map { "export \($0.key)=\(ShellWords.quoted($0.value))" }
        return (way(to: script.host).map { [$0] } ?? []) + ["sh -eu <<'END-OF-STEP'"] + assignments
            + script.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .reversed().drop { $0.isEmpty }.reversed() + ["END-OF-STEP"]
    }
}
