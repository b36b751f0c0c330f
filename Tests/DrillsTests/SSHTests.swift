import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Drills

@Suite(
    "Hosts that are reached by ssh", .serialized,
    .enabled(if: StagingServer.Kind.sshd.isExpected, "Tests/Support/install-packages ssh"))
struct SSHTests {
    static let nasty = "it's \"$(touch /tmp/never)\" `x` \\ ü\n\n"

    @Test(
        "a script gets its variables byte by byte, nothing at its standard input, and gives output, messages and exit code"
    )
    func script() async throws {
        let stage = try await SSHStage()
        let lines = Mutex<[String]>([])
        let good = try await stage.run("printf '%s|' \"$A\"; cat; echo said >&2", ["A": Self.nasty]) { line in
            lines.withLock { $0.append(line) }
        }
        #expect(good.exit == 0 && good.failure == nil && good.output == Self.nasty + "|")
        #expect(lines.withLock { $0 } == ["said"])
        for code in [Int32(3), 255] {
            let bad = try await stage.run("echo no >&2; exit \(code)")
            #expect(bad.exit == code && bad.failure?.contains("exited with \(code)") == true)
            #expect(bad.failure?.contains("it said: no") == true)
        }
        let broken = try await stage.run("false; echo further")
        #expect(broken.exit == 1)
    }

    @Test("no value and no text of a script is in a process's arguments, here or there")
    func arguments() async throws {
        let stage = try await SSHStage()
        let text = """
            for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$file" 2>/dev/null || true; echo; done >"$DATA/lines"
            """
        let outcome = try await stage.run(
            text + "\n# marker-of-the-text", ["DATA": stage.data, "S": "tell-nobody-this"])
        #expect(outcome.failure == nil)
        let lines = stage.text("lines")
        #expect(lines.contains("ssh -F /dev/null") && !lines.contains("tell-nobody-this"))
        #expect(!lines.contains("marker-of-the-text"))
    }

    @Test("a host that shows another key, refuses ours, or is away is told by name, and what to do")
    func refusals() async throws {
        let stage = try await SSHStage()
        let other = stage.folder.path + "/other keys"
        try Data(stage.text("../known-hosts").utf8).write(to: URL(filePath: other))
        let unknown = try await stage.run("true", in: try stage.environment(knownHosts: other))
        #expect(unknown.failure?.contains("app1 (") == true && unknown.failure?.contains("does not show a key") == true)
        #expect(unknown.failure?.contains(other) == true)
        _ = try await Tool.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stage.folder.path + "/stranger"])
        let stranger = try await stage.run(
            "true", in: try stage.environment(key: stage.folder.path + "/stranger"))
        #expect(stranger.failure?.contains("refuses the key") == true)
        #expect(stranger.failure?.contains("authorized_keys") == true)
        try await stage.server.stop()
        let away = try await stage.run("true")
        #expect(away.failure?.contains("refuses connections: is sshd started there") == true)
        #expect(
            await EnvironmentGuard(
                try stage.environment(), token: EnvironmentToken(), reach: stage.reach(try stage.environment())
            ).prove()?.contains("app1 cannot be asked") == true)
    }

    @Test("what takes too long is ended over there too, with all that it started")
    func timeout() async throws {
        let stage = try await SSHStage()
        let outcome = try await stage.run(
            "echo $$ >\"$DATA/shell\"; sh -c 'echo $$ >\"$DATA/child\"; exec sleep 600' & wait",
            ["DATA": stage.data], timeout: .seconds(3))
        #expect(outcome.exit == nil && outcome.failure?.contains("took longer") == true)
        for name in ["shell", "child"] {
            if let process = Int32(stage.text(name).filter { $0 != "\n" }) { #expect(!SSHStage.runs(process)) }
        }
    }

    @Test("a connection that is lost within a step fails it, and the step goes on nowhere")
    func lost() async throws {
        let stage = try await SSHStage()
        async let running = stage.run("echo $$ >\"$DATA/shell\"; sleep 600", ["DATA": stage.data])
        let process = try await stage.process(in: "shell")
        let connections = stage.connections()
        #expect(connections.count == 1)
        for connection in connections { kill(connection, SIGKILL) }
        let outcome = try await running
        #expect(outcome.failure?.contains("the connection to app1") == true)
        #expect(outcome.failure?.contains("was ended") == true && !SSHStage.runs(process))
    }

    @Test("what nobody waits for any more is ended over there")
    func cancelled() async throws {
        let stage = try await SSHStage()
        let running = Task { try await stage.run("echo $$ >\"$DATA/shell\"; sleep 600", ["DATA": stage.data]) }
        let process = try await stage.process(in: "shell")
        running.cancel()
        _ = try await running.value
        #expect(!SSHStage.runs(process))
    }

    private static func die(_ server: [String: String], _ step: String, _ data: String) async {
        await #expect(processExitsWith: .signal(SIGKILL)) { [server, step, data] in
            let host = DrillEnvironment.Host(
                name: "app1", address: server["SSHD_HOST"] ?? "", user: server["SSHD_USER"],
                port: Int(server["SSHD_PORT"] ?? ""), keyFile: server["SSHD_KEY"],
                knownHostsFile: server["SSHD_KNOWN_HOSTS"], namespace: nil, dataFolders: [])
            let script = SSHScript(host: host, variables: SSHStage.variables, folder: nil)
            let running = Task {
                await script.run(
                    "echo $$ >\"$DATA/shell\"; sleep 600", ["DATA": data, "LIFEBOAT_STEP": step], timeout: nil
                ) { _ in }
            }
            while access(data + "/shell", F_OK) != 0 { try await Task.sleep(for: .milliseconds(20)) }
            kill(getpid(), SIGKILL)
            _ = await running.value
        }
    }

    /// A drill's folder whose runner died within a step over there.
    private func died(_ stage: SSHStage) async throws -> (DrillFolder, Int32) {
        let folder = DrillFolder(stage.folder.path + "/D-ssh-\(getpid())")
        let step = StepProcesses(folder).file(of: "restore", attempt: 1)
        await Self.die(stage.server.values, step, stage.data)
        return (folder, try await stage.process(in: "shell"))
    }

    @Test("what a runner that died has left running over there is ended before another goes on")
    func runnerDied() async throws {
        let stage = try await SSHStage()
        let (folder, process) = try await died(stage)
        #expect(SSHStage.runs(process))
        try await StepProcesses(folder).end(by: stage.reach(try stage.environment()))
        #expect(!SSHStage.runs(process))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/steps")
        #expect(left.isEmpty)
    }

    @Test("while it cannot be asked, nobody goes on beside it")
    func runnerDiedAndHostAway() async throws {
        let stage = try await SSHStage()
        let (folder, process) = try await died(stage)
        defer { kill(-process, SIGKILL) }
        let environment = try stage.environment(port: "1")
        await #expect(throws: DrillError.self) { try await StepProcesses(folder).end(by: stage.reach(environment)) }
        let again = await stage.reach(environment).run(
            "echo again >\"$DATA/again\"", on: "app1",
            variables: ["DATA": stage.data, "LIFEBOAT_STEP": folder.path + "/steps/restore.2.pid"], timeout: nil
        ) { _ in }
        #expect(again.failure?.contains("may still run on app1") == true && stage.text("again").isEmpty)
        try await StepProcesses(folder).end(by: stage.reach(try stage.environment()))
        #expect(!SSHStage.runs(process))
    }

    @Test(
        "the word is planted and read back over ssh; a production on the same machine is never hit, whatever leads to it"
    )
    func guarded() async throws {
        let stage = try await SSHStage()
        let token = EnvironmentToken()
        try await token.plant(in: try stage.environment(), by: stage.reach(try stage.environment()))
        #expect(stage.text(EnvironmentToken.fileName) == token.text)
        func refusal(_ production: String) async throws -> String? {
            let environment = try stage.environment(production: production)
            return await EnvironmentGuard(environment, token: token, reach: stage.reach(environment)).prove()
        }
        #expect(try await refusal("machine-ids: [none]") == nil)
        #expect(try await refusal("paths: [/nowhere]")?.contains("nothing is known of production") == true)
        // Another name of the data, what is in it, and what it is in.
        let path = stage.folder.path
        try FileManager.default.createDirectory(atPath: stage.data + "/inner", withIntermediateDirectories: true)
        symlink(stage.data, path + "/alias")
        for production in [path + "/alias", stage.data + "/inner", path] {
            let said = try await refusal("machine-ids: [none], paths: [\(production)]")
            #expect(said?.contains("app1:\(stage.data) is a folder of production") == true)
        }
        #expect(try await refusal("machine-ids: [none], paths: [/usr]") == nil)
        let own = try await stage.run("hostname -I 2>/dev/null; cat /etc/machine-id 2>/dev/null || true")
        if let machine = own.lastLine, machine.count == 32 {
            #expect(try await refusal("machine-ids: [\(machine)]")?.contains("production's machine") == true)
        }
        #expect(try await refusal("addresses: [127.0.0.1]")?.contains("has the address 127.0.0.1") == true)
        #expect(
            await EnvironmentGuard(
                try stage.environment(), token: EnvironmentToken(), reach: stage.reach(try stage.environment())
            ).prove()?.contains("but another one") == true)
    }
}
