import Chunking
import Configuration
import DataSources
import Glibc
import Sealing
import Settings
import Testing

@testable import LifeboatCommands

@Suite("lifeboat config")
struct ConfigTests {
    /// A file that protects a folder with 3 MiB and 10 bytes, a database file of 130 KiB and a server that is not there.
    private func place() throws -> Workplace {
        let place = try Workplace()
        try place.write(String(repeating: "x", count: 3 << 20), to: "data/large")
        try place.write("0123456789", to: "data/small")
        try place.write("", to: "data/empty")
        try place.write("left out", to: "data/x.tmp")
        try place.write(String(repeating: "x", count: 130 << 10), to: "app.db")
        try place.write(
            """
            service: cloud
            stores: {disk: {repository: \(place.repository), password: {file: \(place.passwordFile)}}}
            sources:
              uploads: {kind: files, paths: [\(place.path("data"))], exclude: ["*.tmp"], objective: {rpo: 1h}}
              app: {kind: sqlite, file: \(place.path("app.db"))}
              db: {kind: mariadb, data-folder: \(place.path("absent"))}
              dump: {kind: mariadb, method: logical}
            plans:
              nightly: {store: disk, sources: [uploads, app, db, dump], schedule: 30 2 * * *}
            """, to: "lifeboat.yaml")
        place.set("LIFEBOAT_CONFIG", place.path("lifeboat.yaml"))
        return place
    }

    @Test("check tells blobs, metadata and warnings")
    func check() async throws {
        let place = try place()
        let outcome = await place.run("config", "check")
        let file = place.path("lifeboat.yaml")
        #expect(outcome.status == 0 && outcome.messages == "")
        #expect(
            outcome.output.split(separator: "\n").map(String.init) == [
                "warning: \(file):9:71: plans.nightly.schedule: pauses for up to 1d, so 1d of data may be lost; uploads "
                    + "promises 1h",
                "hint:  run the plan more often, or promise less in sources.uploads.objective.rpo",
                "Source   Kind     Files     Size                     Blobs  Metadata",
                "--------------------------------------------------------------------",
                "uploads  files        3  3.0 MiB                         4     268 B",
                "app      sqlite       1  130 KiB                         3     201 B",
                "db       mariadb      -        -       not on this machine         -",
                "dump     mariadb      -        -  known after a first dump         -",
                "--------------------------------------------------------------------",
                "\(file): 4 sources, 1 store, 1 plan, no problems",
            ])
        let json = await place.run("config", "check", "--json")
        #expect(json.output.contains(#""blob_count":4,"byte_count":3145738,"file_count":3,"metadata_byte_count":268"#))
        #expect(json.output.contains(#""key":"plans.nightly.schedule","line":9"#), "\(json.output)")
    }

    @Test(
        "blobs are as large as the policy of the source cuts them",
        arguments: [
            (0, .pages, 0), (1, .pages, 1), (64 << 10, .pages, 1), (4 << 30, .pages, 65_536), (5 << 30, .pages, 20_480),
            (100 << 30, .pages, 102_400), (5 << 30, .smallPages, 327_680), ((1 << 20) + 1, .files, 2),
        ] as [(UInt64, ChunkingPolicy, UInt64)])
    func blobs(byteCount: UInt64, policy: ChunkingPolicy, count: UInt64) {
        #expect(SourceSize.blobCount(byteCount, policy) == count)
    }

    @Test("all problems are told at once, and nothing but them")
    func problems() async throws {
        let place = try place()
        let file = try place.write(
            "service: Cloud\nstores: {a: {repository: /r, password: hunter2}}\nsources: {f: {kind: files, path: [/s]}}\n",
            to: "bad.yaml")
        for command in ["check", "show"] {
            let outcome = await place.run("config", command, "--config", file)
            #expect(outcome.status == 1 && outcome.output == "")
            #expect(
                outcome.errorLines == [
                    "error: \(file):1:10: service: is \"Cloud\", not a name",
                    "hint:  use small letters, digits and `-`, with a letter first, at most 63",
                    "error: \(file):2:40: stores.a.password: is written out; secrets never stand in this file, which is "
                        + "copied into every backup",
                    "hint:  name its place instead: `password: {file: /etc/lifeboat/password}`, or command:, or env:",
                    "error: \(file):3:11: sources.f.paths: is missing", "hint:  paths: what is saved; absolute paths",
                    "error: \(file):3:28: sources.f.path: unknown key", "hint:  did you mean `paths`?",
                ])
        }
        let json = await place.run("config", "check", "--config", file, "--json")
        #expect(json.output == "" && json.errorLines.count == 1)
        #expect(
            json.messages.hasPrefix(
                #"{"code":"configurationInvalid","exit_code":1,"hint":"","message":"the configuration has 4 problems","#
            ))
        #expect(json.messages.contains(#"{"column":28,"file":"\#(file)","hint":"did you mean `paths`?","key":"#))
    }

    @Test("show prints what is in effect without any secret, as YAML that reads the same, and as JSON")
    func show() async throws {
        let place = try place()
        let shown = await place.run("config", "show")
        #expect(shown.status == 0 && shown.output.contains("\nnode: testhost\n"))
        #expect(shown.output.contains("    password:\n      file: \(place.passwordFile)\n"))
        #expect(!shown.output.contains(Workplace.password))
        let again = try place.write(shown.output, to: "again.yaml")
        #expect(await place.run("config", "show", "--config", again).output == shown.output)
        let json = await place.run("config", "show", "--json")
        #expect(json.output.hasPrefix(#"{"service":"cloud","state":"/var/lib/lifeboat","node":"testhost","#))
    }

    @Test("the example passes check")
    func example() async throws {
        let place = try Workplace()
        let example = await place.run("config", "example")
        #expect(example.status == 0 && example.output == LifeboatConfiguration.example)
        let file = try place.write(example.output, to: "example.yaml")
        let outcome = await place.run("config", "check", "--config", file)
        #expect(outcome.status == 0 && outcome.messages == "" && !outcome.output.contains("warning"))
    }

    @Test("the schema is JSON")
    func schema() async throws {
        let outcome = await (try Workplace()).run("config", "schema")
        #expect(outcome.status == 0 && outcome.output.hasPrefix("{\n  \"$schema\": "))
        #expect(outcome.output == LifeboatConfiguration.schema.json(isIndented: true) + "\n")
    }

    @Test("a configuration that is not there")
    func absent() async throws {
        let place = try Workplace()
        let named = await place.run("config", "check", "--config", place.path("none.yaml"))
        #expect(named.status == 1)
        #expect(
            named.errorLines == [
                "error: cannot open the configuration: no such file or directory", "where: \(place.path("none.yaml"))",
                "hint:  check the path; `lifeboat config example` prints a file to begin with",
            ])
    }

    @Test("a configuration that others can change, or that is none, is not read")
    func untrusted() async throws {
        let place = try place()
        let file = place.path("lifeboat.yaml")
        for mode in [0o666, 0o664, 0o646] as [mode_t] {
            chmod(file, mode)
            let outcome = await place.run("config", "check")
            #expect(outcome.status == 1)
            #expect(
                outcome.errorLines == [
                    "error: the configuration can be changed by others (mode \(String(mode, radix: 8)))",
                    "where: \(file)",
                    "hint:  it holds commands that run as you: read it, then run `chmod go-w \(file)`",
                ])
        }
        let folder = await place.run("config", "check", "--config", place.path("data"))
        #expect(folder.errorLines.first == "error: the configuration is a directory")
        let large = await place.run("config", "check", "--config", place.path("data/large"))
        #expect(large.errorLines.first == "error: the configuration is larger than 1 MiB")
        if geteuid() == 0 {
            chmod(file, 0o644)
            chown(file, 4711, 4711)
            let foreign = await place.run("config", "check")
            #expect(foreign.errorLines.first == "error: the configuration belongs to user 4711, neither root nor you")
        }
    }

    @Test("secrets come from a file, a program or a variable, trimmed alike, and what fails names no secret")
    func secrets() async throws {
        let place = try Workplace()
        let resolver = SecretResolver(environment: place.environment.merging(["DB": " pass word\n"]) { $1 })
        func text(_ reference: SecretReference) async throws -> [UInt8] {
            try await resolver.source(reference)().withBytes { Array($0) }
        }
        #expect(try await text(.file(place.passwordFile)) == Array(Workplace.password.utf8))
        #expect(try await text(.command("printf 'a b\\n'")) == Array("a b".utf8))
        #expect(try await text(.env("DB")) == Array("pass word".utf8))
        await #expect(throws: SourceError.self) { try await text(.env("NONE")) }
        chmod(place.passwordFile, 0o644)
        await #expect(throws: SourceError.self) { try await text(.file(place.passwordFile)) }
    }
}
