import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: what a journal wants of a server", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct ExamineLogTests {
    @Test("slots that nobody receives from, and a server without slots, are told with the statement that helps")
    func slots() async throws {
        let stage = try await PostgreSQLStage()
        #expect(await !stage.source(.physical).examine().contains { $0.message.contains("slot ") })
        try await stage.sql("SELECT pg_create_physical_replication_slot('forgotten', true)")
        let finding = try #require(await stage.source(.physical).examine().first { $0.message.contains("forgotten") })
        #expect(finding.severity == .warning)
        #expect(
            finding.message.hasPrefix(
                "nobody receives from the replication slot forgotten: the server keeps log for it ("))
        #expect(finding.remedy == "start what it is for, or: SELECT pg_drop_replication_slot('forgotten')")
        let bare = try await PostgreSQLStage(["max_replication_slots=0"])
        let findings = await bare.source(.physical).examine()
        #expect(findings.contains { $0.message.hasPrefix("max_replication_slots is 0") && $0.severity == .warning })
    }
}
