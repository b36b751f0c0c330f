/// The way to another machine: words for `ssh`, and what the shell there gets at its standard input. No value and no text of a script
/// is ever among the words, neither here nor there.
struct SSHCommand {
    /// What the account's own shell there gets, whichever it is: the rest comes by standard input, which then is at its end.
    static let remote = "exec /bin/sh -eu -c 'eval \"$(cat)\"'"

    let host: DrillEnvironment.Host

    init(_ host: DrillEnvironment.Host) { self.host = host }

    /// How messages call it: `app1 (root@10.0.0.5:22)`.
    var name: String {
        let user = host.user.map { "\($0)@" } ?? ""
        return "\(host.name) (\(user)\(host.address)\(host.port.map { ":\($0)" } ?? ""))"
    }

    /// - Parameter messages: the file for what `ssh` itself has to say, apart from what the script says.
    ///
    /// Nobody's configuration takes part: what the environment's file says is where the connection goes. Each script has a connection of
    /// its own, so that none inherits one that was proven for something else or has died.
    func words(messages: String) -> [String] {
        var options = [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null", "UpdateHostKeys=no",
            "ControlMaster=no", "ControlPath=none", "ForwardAgent=no", "ClearAllForwardings=yes", "LogLevel=ERROR",
            "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3",
        ]
        options.append("UserKnownHostsFile=\(host.knownHostsFile.map { Self.quoted($0) } ?? "/dev/null")")
        if let key = host.keyFile { options += ["IdentityFile=\(Self.quoted(key))", "IdentitiesOnly=yes"] }
        if let port = host.port { options.append("Port=\(port)") }
        return ["ssh", "-F", "/dev/null", "-T", "-E", messages] + options.flatMap { ["-o", $0] }
            + ["--", host.user.map { "\($0)@\(host.address)" } ?? host.address, Self.remote]
    }

    /// What the shell there reads: it leaves its number and beginning in `mark`, takes the values, and does the text.
    static func script(_ text: String, _ variables: [String: String], mark: String) -> String {
        let exports = variables.sorted { $0.key < $1.key }.filter { isName($0.key) }.map { name, value in
            "export \(name)='\(value.replacing("'", with: "'\\''"))'"
        }
        return
            ([place, "echo \"$$ $(cut -d' ' -f22 /proc/$$/stat)\" >\"$lifeboat_place/\(mark)\""]
            + ["trap \"rm -f '$lifeboat_place/\(mark)'\" EXIT", "unset lifeboat_place"] + exports + [text])
            .joined(separator: "\n")
    }

    /// A folder that is ours alone: whoever could write there could have any process ended.
    private static let place = """
        lifeboat_place=/tmp/lifeboat-drills-$(id -u)
        mkdir -m 700 "$lifeboat_place" 2>/dev/null ||
            { [ -d "$lifeboat_place" ] && [ ! -L "$lifeboat_place" ] && [ -O "$lifeboat_place" ]; } ||
            { echo "$lifeboat_place is not ours" >&2; exit 1; }
        """

    /// What ends a script of which nobody heard any more: its group first politely, then, after `patience` seconds, by force. Says
    /// `absent` when it had ended by itself. A process that only waits to be reaped has ended.
    static func ending(_ mark: String, patience: Int) -> String {
        """
        \(place)
        file=$lifeboat_place/\(mark)
        [ -f "$file" ] || { echo absent; exit 0; }
        read -r process began <"$file"
        case $process in '' | *[!0-9]* | 0 | 1) rm -f "$file"; echo absent; exit 0 ;; esac
        [ "$(cut -d' ' -f22 "/proc/$process/stat" 2>/dev/null)" = "$began" ] || { rm -f "$file"; echo absent; exit 0; }
        runs() {
            for stat in /proc/[0-9]*/stat; do
                line=
                { read -r line <"$stat"; } 2>/dev/null || continue
                line=${line##*) }
                set -- $line
                [ "${3-}" != "$process" ] || [ "$1" = Z ] || return 0
            done
            return 1
        }
        kill -s TERM -- "-$process" 2>/dev/null || true
        looks=0
        while runs; do
            looks=$((looks + 1))
            [ $looks -lt \(patience * 10) ] || kill -s KILL -- "-$process" 2>/dev/null || true
            [ $looks -lt \(patience * 10 + 100) ] || { echo "process $process does not end" >&2; exit 1; }
            sleep 0.1
        done
        rm -f "$file"
        echo ended
        """
    }

    private static func isName(_ text: String) -> Bool {
        text.first.map { !$0.isNumber } == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// A path in an option: blanks in it, and signs that ssh would fill in.
    private static func quoted(_ path: String) -> String { "\"\(path.replacing("%", with: "%%"))\"" }
}
