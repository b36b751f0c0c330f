import DataSources
import FoundationEssentials
import TestSupport
import Testing

@testable import Recovery

@Suite("reconciliation")
struct ReconcileTests {
    @Test("rows without file, files without row, and files of another size or content are each listed")
    func all() async throws {
        let stage = try await RecoveryStage()
        let uploads = stage.path + "/uploads"
        for (name, text) in [("two", "second"), ("three", "third"), ("stray", "x")] {
            try Data(text.utf8).write(to: URL(filePath: "\(uploads)/\(name)"))
        }
        // SHA-256 of `first`; that of `third` is given for `three`'s row with one digit changed.
        let first = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"
        try stage.setRows(["one,5,\(first)", "/two,7", "three,5," + String(repeating: "0", count: 64), "gone,1", "two"])
        try await stage.point()
        var database = stage.database
        database.reconcile = ReconcileSettings(query: "all", files: "uploads", root: uploads)
        let entry = try await stage.store.find("latest")
        let result = try await ReconcileRun(entry, source: database, in: stage.context).run()
        #expect(result.rowsWithoutFile == ["gone"] && result.filesWithoutRow == ["stray"] && !result.isComplete)
        #expect(
            result.mismatches == [
                .init(path: "two", difference: "6 bytes instead of 7"),
                .init(path: "three", difference: "another SHA-256 than the row's"),
            ])
        #expect(result.rowCount == 5 && result.fileCount == 4)
    }

    @Test("a source without a query says what to configure")
    func notConfigured() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        let entry = try await stage.store.find("latest")
        let error = await #expect(throws: RecoveryError.self) {
            try await ReconcileRun(entry, source: stage.database, in: stage.context).run()
        }
        #expect(error?.code == .notConfigured && error?.hint.contains("reconcile:") == true)
    }
}
