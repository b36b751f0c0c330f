import DataSources
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Recovery

@Suite("Files for a database at a moment")
struct FilesAtTests {
    @Test("of any snapshots and any moment, the choice is what the rule says, found the slow way", arguments: 0..<50)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let candidates = (0..<Int.random(in: 0...8, using: &random)).map { number in
            let from = Double(Int.random(in: 0...20, using: &random))
            return FilesAt.Candidate(
                point: "\(number)", from: from, to: from + Double(Int.random(in: 0...4, using: &random)))
        }
        let time = Double(Int.random(in: -2...24, using: &random))
        guard let choice = FilesAt.choose(candidates, at: time) else {
            #expect(candidates.isEmpty, "seed \(seed)")
            return
        }
        let chosen = choice.chosen
        if candidates.contains(where: { $0.from >= time }) {
            #expect(chosen.from >= time && choice.skew >= 0, "seed \(seed)")
            #expect(!candidates.contains { $0.from >= time && $0.from < chosen.from }, "seed \(seed)")
        } else {
            #expect(!candidates.contains { $0.from > chosen.from } && choice.skew < 0, "seed \(seed)")
        }
        #expect(Set(choice.earlier).isSubset(of: candidates) && !choice.earlier.contains(chosen), "seed \(seed)")
        #expect(
            candidates.filter { $0.from < chosen.from }.allSatisfy { choice.earlier.contains($0) }, "seed \(seed)")
        #expect(zip(choice.earlier, choice.earlier.dropFirst()).allSatisfy { $0.from >= $1.from }, "seed \(seed)")
        #expect(FilesAt.choose(candidates.shuffled(using: &random), at: time) == choice, "seed \(seed)")
    }

    private func names(_ stage: RecoveryStage, _ folder: String) throws -> [String] {
        try Exchange.names(in: "\(folder)/uploads\(stage.path)/uploads").sorted()
    }

    @Test("what the chosen snapshot lost comes from the newest that has it, and what none has is listed")
    func earlier() async throws {
        let stage = try await RecoveryStage()
        let uploads = stage.path + "/uploads"
        func put(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: "\(uploads)/\(name)"))
        }
        mkdir(uploads + "/deep", 0o755)
        try put("deep/lost", "old")
        try await stage.point()
        try put("deep/lost", "newer")
        try put("*", "a star")
        try await stage.point()
        let moment = now()
        unlink(uploads + "/deep/lost")
        unlink(uploads + "/*")
        try put("later", "x")
        chmod(uploads + "/deep", 0o700)
        try await stage.point()
        let rows = FileRows(source: "uploads", root: uploads, paths: ["one", "deep/lost", "*", "never/there"])

        let restore = try await FilesRestore(stage.files, at: moment.fraction, in: stage.context)
        #expect(restore.choice.earlier.count == 2 && restore.choice.skew > 0)
        let out = stage.path + "/out"
        mkdir(out, 0o755)
        let outcome = try await restore.run(out, rows: rows)
        #expect(outcome.rowsWithoutFile == ["never/there"] && outcome.fromEarlier == ["*", "deep/lost"], "\(outcome)")
        #expect(outcome.rowCount == 4 && outcome.folder == out + "/uploads")
        #expect(try names(stage, out) == ["*", "deep", "later", "one"])
        let lost = try Data(contentsOf: URL(filePath: "\(out)/uploads\(uploads)/deep/lost"))
        #expect(lost == Data("newer".utf8))
        var status = stat()
        #expect(stat("\(out)/uploads\(uploads)/deep", &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(stage.events.kinds.last == "restore")
        #expect(stage.events.last.contains("\"rows_without_file_count\":1"), "\(stage.events.last)")

        let late = try await FilesRestore(stage.files, at: now().fraction + 60, in: stage.context)
        #expect(late.choice.skew < -59 && late.choice.chosen == restore.choice.chosen)
        let early = try await FilesRestore(stage.files, at: moment.fraction - 3600, in: stage.context)
        #expect(early.choice.earlier.isEmpty)
        var other = stage.files
        other.name = "other"
        let none = await #expect(throws: RecoveryError.self) {
            _ = try await FilesRestore(other, at: moment.fraction, in: stage.context)
        }
        #expect(none?.code == .pointMissing)
    }

    @Test("a database that is restored to a folder says which files its rows name, and leaves no server behind")
    func asked() async throws {
        let (stage, _) = try await AnySecondTests.stage()
        var database = stage.database
        database.reconcile = ReconcileSettings(query: "all", files: "uploads", root: stage.path + "/uploads")
        let known = try await AnySecond.read(database, in: stage.context)
        let restore = try known.restore(try known.planner.plan(.through("0-1-4")), in: stage.context)
        mkdir(stage.path + "/out", 0o755)
        var rows: FileRows?
        let replayed = try await restore.toFolder(
            stage.path + "/out", asking: { rows = try await FileRows(asking: $0) }
        ).replayed
        #expect(rows?.paths == ["one", "row 1", "row 2", "row 3", "row 4"])
        let files = try await FilesRestore(
            stage.files, at: restore.plan.filesTime(replayed), in: stage.context)
        let outcome = try await files.run(stage.path + "/out", rows: rows)
        #expect(outcome.rowsWithoutFile == ["row 1", "row 2", "row 3", "row 4"])
        #expect(try names(stage, stage.path + "/out") == ["one"])
    }
}
