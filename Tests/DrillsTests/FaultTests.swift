import FoundationEssentials
import Glibc
import Testing

@testable import Drills

/// Faults on files of a folder, by the real shell text; a bucket and a database are scripts that keep files.
@Suite("Faults")
final class FaultTests {
    private let path = "/tmp/lb-fault-" + UUID().uuidString.prefix(8).lowercased()
    private let token = EnvironmentToken()
    private let fileManager = FileManager.default

    init() throws {
        for folder in ["data/sub", "elsewhere", "bucket", "db"] {
            try fileManager.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        for name in ["data/a", "data/sub/b", "elsewhere/c", "bucket/keep"] { try write("text of \(name)", name) }
        for folder in ["data", "bucket", "db"] { try write(token.text, folder + "/" + EnvironmentToken.fileName) }
        try script(
            "objects",
            "case $1 in put) cat >$0.d/$2 ;; get) cat $0.d/$2 ;; delete) rm $0.d/$2* ; echo 1 objects ;; esac")
        try fileManager.createSymbolicLink(atPath: path + "/objects.d", withDestinationPath: path + "/bucket")
        // It answers the question for its token; everything else it writes down.
        try script(
            "sql",
            "read -r line || true; case $line in *LOAD_FILE*) cat \(path)/db/\(EnvironmentToken.fileName) ;; *) "
                + "echo \"$line\" >>\(path)/statements; echo '12 rows'; echo 0-1-7 ;; esac")
    }

    deinit { try? fileManager.removeItem(atPath: path) }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }

    private func script(_ name: String, _ text: String) throws {
        try write("#!/bin/sh -eu\n\(text)\n", name)
        #expect(chmod("\(path)/\(name)", 0o755) == 0)
    }

    private func has(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }

    /// Makes a fault of `yaml`, and gives what is written down of it.
    private func inject(_ yaml: String, data: String = "data") async throws -> FaultTruth? {
        let text = ScenarioFieldsTests.scenario.replacing(
            "{kind: drop-table, host: app1, table: app.files}", with: yaml.replacing("PATH", with: path)
        ).replacing("${APP}", with: "127.0.0.1:1")
        let environment = try DrillEnvironment(
            text: """
                environment: t
                driver: local
                hosts:
                  app1: {data: [\(path)/\(data)], objects: \(path)/objects}
                  bare: {}
                up: x
                down: x
                clear: x
                sql: \(path)/sql
                faults: {kill-host: "touch \(path)/killed-$HOST", stale-dns: "echo $SUBJECT >\(path)/stale"}
                """, file: "t.yaml")
        let reach = EnvironmentReach(
            environment, variables: ["PATH": getenv("PATH").map { String(cString: $0) } ?? "/bin"], folder: path)
        let folder = DrillFolder(path + "/drill-" + UUID().uuidString)
        try fileManager.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let injector = ShellInjector(
            try Scenario(text: text, file: "s.yaml"), environment, token: token, in: folder, reach: reach, seed: 1)
        do {
            try await injector.inject(0)
        } catch {
            #expect(!fileManager.fileExists(atPath: folder.truth), "what was not done has no truth")
            throw error
        }
        return try LineLog<FaultTruth>(folder.truth).read().last
    }

    @Test("files go, tokens stay, and the truth says how many went")
    func deletes() async throws {
        let truth = try await inject("{kind: delete-files, host: app1, path: PATH/data}")
        #expect(!has("data/a") && !has("data/sub") && has("data/" + EnvironmentToken.fileName))
        #expect(truth?.detail == "2 files" && truth?.subject == path + "/data" && truth?.host == "app1")
        await #expect(throws: DrillError.self, "a fault that hits nothing is none") {
            try await inject("{kind: delete-files, host: app1, path: PATH/data}")
        }
    }

    @Test("files become noise of their size under another name")
    func encrypts() async throws {
        let truth = try await inject("{kind: encrypt-files, host: app1, path: PATH/data/sub}")
        let noise = try Data(contentsOf: URL(filePath: path + "/data/sub/b.locked"))
        #expect(noise.count == "text of data/sub/b".utf8.count && noise != Data("text of data/sub/b".utf8))
        #expect(!has("data/sub/b") && has("data/a") && truth?.detail == "1 files")
    }

    @Test("a file of credentials is there under another name only")
    func withholds() async throws {
        let truth = try await inject("{kind: withhold-credentials, host: app1, path: PATH/data/a}")
        #expect(!has("data/a") && has("data/a.withheld") && truth?.subject == path + "/data/a")
    }

    @Test("objects of a bucket go, once its token was read")
    func deletesObjects() async throws {
        let truth = try await inject("{kind: delete-objects, host: app1, path: keep}")
        #expect(!has("bucket/keep") && truth?.detail == "1 objects" && truth?.subject == "keep")
    }

    @Test("what is done to rows has a position and a count")
    func rows() async throws {
        let truth = try await inject("{kind: garble-rows, host: app1, table: app.users, column: name}")
        #expect(truth?.position == "0-1-7" && truth?.detail == "12 rows" && truth?.subject == "app.users")
        let said = try String(contentsOf: URL(filePath: path + "/statements"), encoding: .utf8)
        #expect(said.contains("UPDATE `app`.`users` SET `name` = REVERSE(`name`);"), "\(said)")
    }

    @Test("what the environment does itself comes after the proof of the host")
    func own() async throws {
        let truth = try await inject("{kind: kill-host, host: app1}")
        #expect(has("killed-app1") && truth?.subject == "app1")
        _ = try await inject("{kind: stale-dns, host: app1, path: app}")
        #expect(try String(contentsOf: URL(filePath: path + "/stale"), encoding: .utf8) == "app\n")
    }

    @Test(
        "without the token nothing is broken",
        arguments: [
            "{kind: delete-files, host: app1, path: PATH/elsewhere}",
            "{kind: delete-files, host: app1, path: PATH/data/../elsewhere}",
            "{kind: delete-files, host: app1, path: PATH/data/link}",
            "{kind: encrypt-files, host: app1, path: PATH/elsewhere}",
            "{kind: withhold-credentials, host: app1, path: PATH/elsewhere/c}",
            "{kind: withhold-credentials, host: app1, path: PATH/data/link/c}",
            "{kind: fill-volume, host: app1, path: PATH/data}",
            "{kind: kill-host, host: bare}",
        ])
    func refuses(yaml: String) async throws {
        try fileManager.createSymbolicLink(atPath: path + "/data/link", withDestinationPath: path + "/elsewhere")
        let error = await #expect(throws: DrillError.self) { try await inject(yaml) }
        #expect(error?.code == .unproven, "\(error as Any)")
        #expect(has("elsewhere/c") && has("data/a") && !has("killed-bare") && !has("data/.lifeboat-full"))
    }

    @Test(
        "nor with another word in its place",
        arguments: [
            ("data", "{kind: kill-host, host: app1}"), ("data", "{kind: delete-files, host: app1, path: PATH/data}"),
            ("bucket", "{kind: delete-objects, host: app1, path: keep}"),
            ("db", "{kind: drop-table, host: app1, table: app.users}"),
        ])
    func refusesAnother(folder: String, yaml: String) async throws {
        try write(EnvironmentToken().text, folder + "/" + EnvironmentToken.fileName)
        let error = await #expect(throws: DrillError.self) { try await inject(yaml) }
        #expect(error?.code == .unproven, "\(error as Any)")
        #expect(has("bucket/keep") && has("data/a") && !has("killed-app1") && !has("statements"))
    }

    @Test("a word is planted in buckets too")
    func plants() async throws {
        let environment = try DrillEnvironment(
            text: """
                environment: t
                driver: local
                hosts: {store1: {objects: \(path)/objects}}
                up: x
                down: x
                clear: x
                bandwidth: 4M
                delay: 0.02
                """, file: "t.yaml")
        let reach = EnvironmentReach(environment, variables: ["PATH": "/usr/bin:/bin"])
        let other = EnvironmentToken()
        try await other.plant(in: environment, by: reach)
        let planted = try String(
            contentsOf: URL(filePath: "\(path)/bucket/\(EnvironmentToken.fileName)"), encoding: .utf8)
        #expect(planted == other.text && environment.bandwidth == 4 << 20 && environment.delaySeconds == 0.02)
    }
}
