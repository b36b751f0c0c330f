import DataSources
import TestSupport
import Testing

@testable import Recovery

@Suite("a disk that runs full under a private server")
struct FullDiskTests {
    private func told(_ message: String, _ hint: String) throws -> RecoveryError? {
        let folder = try TemporaryFolder("full")
        let base = folder.path
        let workspace = Workspace(files: base + "/files", data: base + "/data", run: base + "/run", base: base)
        return FullDisk.error(behind: SourceError(.toolFailed, message, subject: "engine", hint: hint), at: workspace)
    }

    @Test(
        "is told from a backup that is bad by what engines say",
        arguments: [
            "it said: [ERROR] InnoDB: Write to file ./ibdata1 failed at offset 0, 1048576 bytes: No space left on device",
            "it said: mariadb: Disk full (/tmp/x); waiting for someone to free some space (errno: 28)",
            "it said: PANIC:  could not write to file \"pg_wal/xlogtemp.1\": No space left on device",
            "it said: ERROR:  could not extend file \"base/5/1\": wrote only 4096 of 8192 bytes",
        ])
    func full(_ said: String) throws {
        let error = try #require(try told("the program exited with 1", said))
        #expect(error.code == .targetUnusable)
        #expect(error.message.contains(said.dropFirst("it said: ".count)))
        #expect(error.hint.contains("make room there"))
    }

    @Test(
        "is not seen where something else is wrong",
        arguments: [
            "it said: [ERROR] InnoDB: Database page corruption on disk or a failed file read",
            "it said: pg_verifybackup: error: checksum mismatch for file \"base/5/1259\"",
        ])
    func other(_ said: String) throws { #expect(try told("the program exited with 1", said) == nil) }
}
