import Chunking
import Synchronization
import Testing
import Trees

@testable import DataSources

@Suite("a base is proven whole")
struct BaseBackupTakerTests {
    /// A base of one file and one segment, but for what is left out; `manifest` is changed before it is sealed.
    private func take(
        without name: String = "",
        manifest: [UInt8] = BackupManifestTests.made(files: #"{ "Path": "base/1", "Size": 3 }"#),
        segmentByteCount: Int = 1 << 20
    ) async throws -> BaseBackupFacts {
        let label = "START WAL LOCATION: 0/2000028 (file 000000010000000000000020)\nSTART TIMELINE: 1\n"
        let segment = [UInt8](repeating: 1, count: segmentByteCount)
        let files: [(String, [UInt8])] = [
            ("backup_label", Array(label.utf8)), ("base/1", [1, 2, 3]), ("pg_wal/000000010000000000000020", segment),
            ("backup_manifest", manifest),
        ]
        var archive = MadeArchive()
        for (path, content) in files where path != name { archive.file(path, content) }
        archive.append([UInt8](repeating: 0, count: 1024))
        var settings = PostgreSQLSettings()
        settings.server = ServerAddress(host: "none", port: 1)
        let environment = SourceEnvironment(variables: [:], now: { Timestamp(seconds: 0) }) { _ in }
        let client = try await PostgreSQLClient(
            settings.server, user: "u", password: nil, maintenanceDatabase: "d", toolFolder: nil,
            environment: environment)
        let server = PostgreSQLServer(
            client: client, version: try #require(PostgreSQLVersion("15.20")), systemIdentifier: "1",
            segmentByteCount: 1 << 20, superuser: "postgres", tablespaces: [], isStandby: false)
        let source = PostgreSQLSource(name: "db", settings: settings, environment: environment)
        let taker = BaseBackupTaker(source, server, CuttingSink(after: .max) {})
        var rest = archive.bytes[...]
        try taker.take(
            BaseArchive(tablespace: nil) { buffer in
                let count = min(buffer.count, rest.count)
                buffer.copyBytes(from: rest.prefix(count))
                rest = rest.dropFirst(count)
                return count
            })
        return try taker.prove()
    }

    @Test("a base with all that its manifest lists is whole")
    func whole() async throws { #expect(try await take().end.description == "0/2000100") }

    @Test(
        "a base that lacks something is refused, and the message names it",
        arguments: [
            ("base/1", "base/1"), ("backup_label", "backup_label"), ("backup_manifest", "backup_manifest"),
            ("pg_wal/000000010000000000000020", "000000010000000000000020"),
        ])
    func lacking(_ name: String, _ word: String) async {
        let error = await #expect(throws: SourceError.self) { try await take(without: name) }
        #expect(error?.code == .suspectContent && error?.message.contains(word) == true, "\(error as Any)")
    }

    @Test("a file or a segment that is shorter than it must be is refused")
    func short() async {
        let longer = BackupManifestTests.made(files: #"{ "Path": "base/1", "Size": 4 }"#)
        let file = await #expect(throws: SourceError.self) { try await take(manifest: longer) }
        #expect(file?.message == "the manifest lists base/1 with 4 bytes, and 3 bytes of it came")
        let segment = await #expect(throws: SourceError.self) { try await take(segmentByteCount: 1 << 19) }
        #expect(segment?.message.contains("which the base needs") == true)
    }

    @Test("a manifest that wants more log than there can be is refused at once")
    func endlessLog() async {
        let endless = BackupManifestTests.made(
            files: "", ranges: #"{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "FFFFFFFF/FFFFFFFF" }"#)
        let error = await #expect(throws: SourceError.self) { try await take(manifest: endless) }
        #expect(error?.code == .suspectContent)
    }
}
