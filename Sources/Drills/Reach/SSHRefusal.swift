/// Why there was no connection, from what `ssh` said: which host, and what to do.
struct SSHRefusal {
    /// For people.
    let message: String

    /// - Returns: nil when what it said is of a connection that had been there.
    init?(_ said: String, _ host: DrillEnvironment.Host) {
        let name = SSHCommand(host).name
        func has(_ words: String...) -> Bool { words.contains { said.contains($0) } }
        if has("Host key verification failed", "IDENTIFICATION HAS CHANGED") {
            let file = host.knownHostsFile ?? "none"
            message =
                "\(name) does not show a key that \(file) holds; it may be another machine: put its key there only after you read it on the machine itself (/etc/ssh/ssh_host_*_key.pub)"
        } else if has("UNPROTECTED PRIVATE KEY", "bad permissions") {
            message = "\(name): others may read the key \(host.keyFile ?? ""): chmod 600 it"
        } else if has("Permission denied (", "Too many authentication failures", "No more authentication methods") {
            let key = host.keyFile.map { "the key \($0)" } ?? "every key of this account"
            message =
                "\(name) refuses \(key): add its public half to ~/.ssh/authorized_keys of \(host.user ?? "the account") there, or mend `user` and `key`"
        } else if has("Connection refused") {
            message = "\(name) refuses connections: is sshd started there, and is `port` right?"
        } else if has("Could not resolve hostname") {
            message = "\(name): the address has no meaning here: mend `address`, or the name server"
        } else if has("ssh: connect to host", "Connection timed out", "No route to host", "banner exchange") {
            message = "\(name) does not answer: is it up, and is there a way to it? (\(Self.line(said)))"
        } else if has("kex_exchange_identification", "Unable to negotiate", "Bad configuration", "command-line") {
            message = "\(name) cannot be spoken to: \(Self.line(said)); is that sshd?"
        } else {
            return nil
        }
    }

    private static func line(_ said: String) -> String {
        said.split(separator: "\n").last.map { String($0.filter { $0 != "\r" }) } ?? ""
    }
}
