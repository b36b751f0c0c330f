/// Tries to reach the canary from every host, which must fail, and from the canary's own side, which must not.
struct FenceTries {
    /// What stands for the canary's own side in `FenceTry.host`.
    static let ownSide = "canary"

    let environment: DrillEnvironment
    let place: DrillEnvironment.CanaryPlace
    let reach: any HostReach
    let folder: DrillFolder
    let clock: DrillClock

    /// One round; every try is written down.
    func round() async throws {
        var tries = [FenceTry]()
        let began = clock.uptime()
        for host in environment.hosts {
            tries += await attempts(
                from: host.name, on: host.name, namespace: nil, saying: Canary.mark + host.name, began)
        }
        // Last, so that all that the hosts said before has been heard too.
        tries += try await own(began)
        try LineLog<FenceTry>(folder.fence).append(tries, isSynced: true)
    }

    /// The canary must answer, and must have written down that it heard, at each port and by each means.
    private func own(_ began: Double) async throws -> [FenceTry] {
        let log = LineLog<CanaryRecord>(folder.canary)
        guard let word = try await word(log) else {
            return [FenceTry(at: began, host: Self.ownSide, port: nil, outcome: .untried, detail: "it does not listen")]
        }
        let tried = await attempts(
            from: Self.ownSide, on: EnvironmentReach.here, namespace: place.namespace, saying: word, began)
        let wanted = Set(place.ports.flatMap { number in CanaryPort.Means.allCases.map { CanaryPort($0, number) } })
        var missing = wanted
        for _ in 0..<100 where !missing.isEmpty {
            missing = wanted
            for case .control(let at, let port) in try log.read() where at >= began { missing.remove(port) }
            if !missing.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        }
        return wanted.sorted { $0.description < $1.description }.map { port in
            let said = tried.first { $0.port == port || $0.port == nil }
            return FenceTry(
                at: began, host: Self.ownSide, port: port, outcome: missing.contains(port) ? .closed : .reached,
                detail: missing.contains(port) ? "\(port): \(said?.detail ?? "nothing was tried")" : "heard")
        }
    }

    /// The word of the canary that listens now. It claims its part just before it writes it down.
    private func word(_ log: LineLog<CanaryRecord>) async throws -> String? {
        for _ in 0..<100 {
            var word: String?
            for case .listening(_, _, let text) in try log.read() { word = text }
            if let word { return word }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    private func attempts(
        from name: String, on host: String, namespace: String?, saying word: String, _ began: Double
    ) async -> [FenceTry] {
        let variables = [
            "ADDRESS": place.address, "PORTS": place.ports.map { "\($0)" }.joined(separator: " "), "WORD": word,
            "NETNS": namespace ?? "", "TRY": Self.script,
        ]
        let outcome = await reach.run(Self.outer, on: host, variables: variables, timeout: .seconds(120)) { _ in }
        let tries = outcome.output.split(separator: "\n").compactMap { Self.read(String($0), name, began) }
        guard outcome.failure == nil, tries.count == place.ports.count * 2 else {
            return [
                FenceTry(
                    at: began, host: name, port: nil, outcome: .untried,
                    detail: outcome.failure ?? "its script said only: \(outcome.output.prefix(200))")
            ]
        }
        return tries
    }

    /// `tcp 53 closed Network is unreachable`.
    static func read(_ line: String, _ host: String, _ at: Double) -> FenceTry? {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count >= 3, let means = CanaryPort.Means(rawValue: words[0]), let number = UInt16(words[1]),
            let outcome = FenceTry.Outcome(rawValue: words[2])
        else { return nil }
        return FenceTry(
            at: at, host: host, port: CanaryPort(means, number), outcome: outcome,
            detail: words.count > 3 ? words[3] : "")
    }

    private static let outer = """
        if [ -n "$NETNS" ]; then exec nsenter --net="/run/netns/$NETNS" -- /bin/sh -eu -c "$TRY"; fi
        exec /bin/sh -eu -c "$TRY"
        """

    /// What only the shell and coreutils can do, so that a host needs nothing of ours. What fails in another way than the network's
    /// is no proof of a fence.
    private static let script = """
        export LC_ALL=C ADDRESS WORD port
        judge() {
            case $1 in
                *unreachable* | *refused* | *"timed out"* | *"No route"* | *prohibited* | *"not permitted"*) echo closed ;;
                *) echo untried ;;
            esac
        }
        for port in $PORTS; do
            said=$(timeout 4 bash -c 'exec 3<>"/dev/tcp/$ADDRESS/$port" && printf "%s\\n" "$WORD" >&3 && { read -r -t 3 -u 3 _ || :; } && echo it-was-reached' 2>&1) &&
                status=0 || status=$?
            said=$(printf %s "$said" | tail -n 1)
            case $said in
                *it-was-reached) echo "tcp $port reached" ;;
                *) [ $status != 124 ] || said="timed out"
                    echo "tcp $port $(judge "$said") $said" ;;
            esac
            said=$(timeout 4 bash -c 'printf "%s\\n" "$WORD" >"/dev/udp/$ADDRESS/$port"' 2>&1) && status=0 || status=$?
            said=$(printf %s "$said" | tail -n 1)
            if [ $status = 0 ]; then echo "udp $port sent"; else
                [ $status != 124 ] || said="timed out"
                echo "udp $port $(judge "$said") $said"
            fi
        done
        """
}
