import Testing

@testable import DataSources

@Suite("versions of MariaDB")
struct MariaDBVersionTests {
    @Test(
        "what servers and tools print is read, and known as docs/versions.md says",
        arguments: [
            ("10.11.19-MariaDB-0+deb12u1-log Debian 12", [10, 11], "supported"),
            ("mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)", [10, 11], "supported"),
            (
                "mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)", [10, 11],
                "supported"
            ),
            ("11.4.2-MariaDB-ubu2404", [11, 4], "expected"), ("10.6.18-MariaDB", [10, 6], "expected"),
            ("10.5.1-MariaDB", [10, 5], "unknown"), ("12.0.2-MariaDB", [12, 0], "unknown"),
            ("10.4.30-MariaDB", [10, 4], "refused"), ("8.0.36 MySQL Community Server - GPL", [8, 0], "refused"),
        ])
    func standing(_ text: String, _ series: [Int], _ standing: String) throws {
        let version = try #require(MariaDBVersion(in: text))
        #expect(version.series == series)
        #expect("\(version.standing)".hasPrefix(standing))
        if standing == "refused" {
            let error = #expect(throws: SourceError.self) { try version.require(acceptsUntested: true, subject: "s") }
            #expect(error?.code == .versionUnsupported)
        } else {
            try version.require(acceptsUntested: true, subject: "s")
        }
        if standing == "unknown" {
            #expect(throws: SourceError.self) { try version.require(acceptsUntested: false, subject: "s") }
        }
    }

    @Test("tools of another series are refused, and text without a version is none")
    func series() throws {
        let server = try #require(MariaDBVersion(in: "10.11.19-MariaDB"))
        let tool = try #require(MariaDBVersion(in: "10.6.1-MariaDB"))
        #expect(throws: SourceError.self) { try server.requireSameSeries(asTool: tool, named: "mariadb-dump") }
        #expect(MariaDBVersion(in: "no version 10.11 at all") == nil)
    }

    @Test(
        "names of files are safe, and two names never become one",
        arguments: [
            ("plain_1-$", "plain_1-$"), ("../x", "%2E%2E%2Fx"), ("a'\"`\\", "a%27%22%60%5C"), ("%2F", "%252F"),
            ("ünï", "ünï"), ("\n", "%0A"),
        ])
    func fileNames(_ name: String, _ expected: String) {
        #expect(String(decoding: DumpLayout.fileName(Array(name.utf8)), as: UTF8.self) == expected)
    }
}
