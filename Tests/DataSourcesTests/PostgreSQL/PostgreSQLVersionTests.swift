import Glibc
import TestSupport
import Testing

@testable import DataSources

@Suite("versions of PostgreSQL")
struct PostgreSQLVersionTests {
    @Test(
        "what servers and tools print is read, and known as docs/versions.md says",
        arguments: [
            ("15.20 (Debian 15.20-0+deb12u1)", 15, "good"), ("17.2", 17, "good"), ("16beta1", 16, "good"),
            ("13.18", 13, "good"), ("18.0", 18, "untested"), ("19devel", 19, "untested"), ("12.22", 12, "refused"),
            ("9.6.24", 9, "refused"),
        ])
    func standing(_ text: String, _ major: Int, _ standing: String) throws {
        let version = try #require(PostgreSQLVersion(text))
        #expect(version.major == major && version.description == text)
        for accepts in [false, true] {
            if standing == "good" || standing == "untested" && accepts {
                try version.checkServer(subject: "s", acceptsUntested: accepts)
                continue
            }
            let error = #expect(throws: SourceError.self) {
                try version.checkServer(subject: "s", acceptsUntested: accepts)
            }
            #expect(error?.code == .versionUnsupported)
            #expect(error?.hint.contains(standing == "refused" ? "13 is the oldest" : "--accept-untested") == true)
        }
    }

    @Test(
        "text without a version is none",
        arguments: ["", "PostgreSQL", "v15", "0", "1000", "-15", "٣", "99999999999999999999"])
    func none(_ text: String) { #expect(PostgreSQLVersion(text) == nil) }

    /// Tools that say they are of another version.
    private func tools(_ version: String, _ folder: ScratchFolder) throws -> String {
        for name in ["pg_basebackup", "pg_dump", "pg_dumpall"] {
            let text = "#!/bin/sh\necho '\(name) (PostgreSQL) \(version)'\n"
            try SmallFile.write(folder(name), Array(text.utf8), permissions: 0o755)
        }
        symlink("/usr/lib/postgresql/15/bin/psql", folder("psql"))
        return folder.path
    }

    @Test(
        "a tool that is older than the server, or says no version, is refused before it is run",
        .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"),
        arguments: [DatabaseMethod.physical, .logical])
    func olderTool(method: DatabaseMethod) async throws {
        let stage = try await PostgreSQLStage()
        let folder = try ScratchFolder("tools")
        for (version, code) in [("14.9", SourceError.Code.versionUnsupported), ("none", .toolFailed)] {
            let path = try tools(version, folder)
            let source = stage.source(method) { $0.toolFolder = path }
            let error = await #expect(throws: SourceError.self) { try await stage.backup(source) }
            #expect(error?.code == code, "\(error as Any)")
            if code == .versionUnsupported {
                #expect(error?.message.hasSuffix("14 is older than the server (15)") == true)
            }
            let problems = await source.examine().filter { $0.severity == .problem }
            #expect(Set(problems.map(\.remedy)) == ["apt install postgresql-client-15"], "\(problems)")
        }
        #expect(try await stage.snapshotCount() == 0)
    }
}
