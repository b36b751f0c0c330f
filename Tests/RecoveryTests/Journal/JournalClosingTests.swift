import Journal
import ObjectStore
import Repository
import TestSupport
import Testing

@testable import Recovery

@Suite("Closed log files")
struct JournalClosingTests {
    private func stage() async throws -> JournalStage { try await JournalStage { $0.closeEvery = .zero } }

    /// Writes four files and waits until three are in snapshots.
    private func fill(_ stage: JournalStage) async throws {
        try await stage.isFollowed()
        for _ in 0..<3 {
            try stage.server.commit(300)
            try stage.server.rotate()
        }
        try stage.server.commit(7)
        try await stage.until { try await stage.closedFiles() == ["log.000001", "log.000002", "log.000003"] }
        try await stage.caughtUp()
    }

    @Test("become snapshots with the source's tag, their segments go, and coverage leads to the snapshots")
    func closing() async throws {
        let stage = try await stage()
        try await stage.running { try await fill(stage) }
        let coverage = try #require(try await stage.coverage())
        #expect(coverage.gaps.isEmpty && coverage.spans.count == 1 && coverage.spans[0].to == "907")
        #expect(try await stage.archived() == stage.server.files)
        let snapshots = try await stage.stage.context.repository.snapshots().entries
        #expect(!snapshots.isEmpty && snapshots.allSatisfy { $0.snapshot.tags == ["journal:db"] })
        #expect(try await stage.segments.count < 12)
        #expect(stage.alarmed.isEmpty)
    }

    @Test("are closed by the next run too, from the segments when the files are gone from this machine")
    func later() async throws {
        let open = try await JournalStage()
        try await open.running {
            try await open.isFollowed()
            try open.server.commit(300)
            try open.server.rotate()
            try open.server.commit(5)
            try await open.caughtUp()
        }
        #expect(try await open.closedFiles().isEmpty)
        var run = open.source
        run.journal?.closeEvery = .zero
        try await open.running(run) { try await open.until { try await open.closedFiles() == ["log.000001"] } }
        #expect(try await open.archived() == open.server.files)
        #expect(try await open.coverage()?.gaps.isEmpty == true)
    }

    @Test("a store that fails at any call of a closing leaves log without gap", arguments: 0..<16)
    func failures(call: Int) async throws {
        let stage = try await stage()
        let away = StoreError(.unreachable, "no route to host", subject: "test", isTransient: true)
        let outcome: FaultyStore.Outcome = call % 2 == 0 ? .fail(away) : .failAfterStoring(away)
        try await stage.running {
            try await stage.isFollowed()
            stage.faults.arm([
                .put: Array(repeating: .none, count: call) + [outcome],
                .delete: Array(repeating: .none, count: call / 4) + [.fail(away)],
            ])
            for _ in 0..<3 {
                try stage.server.commit(300)
                try stage.server.rotate()
            }
            try await stage.caughtUp()
        }
        var again = stage.source
        again.journal?.closeEvery = .zero
        try await stage.running(again) {
            try await stage.until { try await stage.closedFiles() == ["log.000001", "log.000002", "log.000003"] }
        }
        #expect(try await stage.archived() == stage.server.files)
        #expect(try await stage.coverage()?.gaps.isEmpty == true)
    }
}

extension JournalStage {
    /// Files whose bytes are in a snapshot.
    func closedFiles() async throws -> [String] {
        try await coverage()?.spans.flatMap(\.parts).compactMap { part in
            if case .snapshot = part.location { part.header.file } else { nil }
        } ?? []
    }
}
