import DataSources
import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite("Files of people erased since, in trees that are restored")
struct FileErasureTests {
    /// Ann and bob have files; a point of them.
    private struct Town {
        let stage: RecoveryStage
        var context: RecoveryContext
        let point: PointEntry

        init() async throws {
            stage = try await RecoveryStage()
            context = stage.context
            for name in ["ann", "bob"] {
                mkdir(stage.path + "/uploads/" + name, 0o755)
                try Data(name.utf8).write(to: URL(filePath: stage.path + "/uploads/\(name)/photo"))
            }
            _ = try await stage.point()
            point = try await stage.store.find("latest")
            var rule = ErasureRule(kind: "user", source: "db", enumerate: "all", erase: ["no"], verify: "no")
            rule.filesSource = "uploads"
            rule.filePatterns = [stage.path + "/uploads/:key"]
            context.handover = HandoverRules(erasures: [rule])
        }

        /// Writes down that somebody is erased, confirmed so many seconds after the point; nil leaves it open.
        func erase(_ key: String, after seconds: Int64?) async throws {
            let ledger = ErasureLedger(stage.context.repository)
            let subject = ledger.subject(kind: "user", key: key)
            let read = PointRestore(point, in: context).readFrom(try #require(point.point.part("uploads")))
            let added = try await ledger.append {
                ErasureEntry(number: $0, moment: .add, kind: "user", subject: subject, time: read.rfc3339)
            }
            guard let seconds else { return }
            let time = Timestamp(seconds: read.seconds + seconds, nanoseconds: 0).rfc3339
            _ = try await ledger.append {
                ErasureEntry(
                    number: $0, moment: .confirm, kind: "user", subject: subject, time: time, confirms: added.number)
            }
        }

        func toFolder() async throws -> PointRestore.InFolder {
            try await PointRestore(point, in: context).toFolder(
                RestoreOrder([.init(source: "uploads", kind: .files), .init(source: "db", kind: .mariadb)]),
                words: "test",
                folder: stage.path + "/out")
        }

        var restored: [String] {
            get throws { try Exchange.names(in: stage.path + "/out/uploads" + stage.path + "/uploads").sorted() }
        }
    }

    @Test(
        "into a folder: theirs are gone, those of others and of one who was erased before are there; the database is marked"
    )
    func folder() async throws {
        let town = try await Town()
        try await town.erase("ann", after: 60)
        try await town.erase("bob", after: -60)
        try await town.erase("nobody", after: nil)
        let result = try await town.toFolder()
        #expect(try town.restored == ["bob", "one"])
        #expect(result.erasedFiles.map(\.dueCount) == [2] && result.erasedFiles.map(\.fileCount) == [1])
        #expect(result.erasedFiles[0].erasureCount == 5)
        #expect(result.notApplied == [ErasuresNotApplied(source: "db", dueCount: 2)])
        #expect(!Exchange.exists(town.stage.path + "/out/uploads/ERASURES-NOT-APPLIED.txt"))
        let mark = try String(
            contentsOf: URL(filePath: town.stage.path + "/out/db/ERASURES-NOT-APPLIED.txt"), encoding: .utf8)
        #expect(mark.contains("due: 2."), "\(mark)")
        let event = town.stage.events.last
        #expect(event.contains("\"file_count\":1") && event.contains("\"erasures_not_applied\":[{"), "\(event)")
    }

    @Test("in place: the copy that takes the live tree's place is without them, and the event says so")
    func inPlace() async throws {
        let town = try await Town()
        try await town.erase("ann", after: 60)
        let restore = InPlaceRestore(town.point, source: town.stage.files, in: town.context)
        let result = try await restore.run(confirmation: "uploads")
        #expect(result.erasedFiles.map(\.fileCount) == [1] && result.handover == nil)
        #expect(try Exchange.names(in: town.stage.path + "/uploads").sorted() == ["bob", "one"])
        #expect(town.stage.events.last.contains("\"erased_files\":[{"), "\(town.stage.events.last)")
    }

    @Test("a ledger with a hole, or a kind that nothing erases, stops it before anything is restored")
    func stopped() async throws {
        let town = try await Town()
        try await town.erase("ann", after: 60)
        try await town.erase("bob", after: nil)
        var unruled = town
        unruled.context.handover = HandoverRules()
        let unknown = await #expect(throws: RecoveryError.self) { try await unruled.toFolder() }
        #expect(unknown?.code == .notHandedOver && unknown?.message.contains("which nothing erases") == true)
        let name = "lifeboat/erasures/000000000002"
        let stored = try await town.context.repository.store.get(name)
        try await town.context.repository.store.delete(name)
        let error = await #expect(throws: RecoveryError.self) { try await town.toFolder() }
        #expect(error?.code == .erasuresIncomplete && error?.subject == name)
        let restore = InPlaceRestore(town.point, source: town.stage.files, in: town.context)
        let other = await #expect(throws: RecoveryError.self) { try await restore.run(confirmation: "uploads") }
        #expect(other?.code == .erasuresIncomplete)
        #expect(try Exchange.names(in: town.stage.path + "/uploads").count == 3)
        #expect(!Exchange.exists(town.stage.path + "/out/uploads" + town.stage.path))

        // The database is given as it is all the same, and says that nobody knows how many are due.
        let left = try await PointRestore(town.point, in: town.context).toFolder(
            RestoreOrder([.init(source: "db", kind: .mariadb)]), words: "test", folder: town.stage.path + "/out")
        #expect(left.notApplied == [ErasuresNotApplied(source: "db")])
        try await town.context.repository.store.put(name, stored)
        #expect(try await town.toFolder().erasedFiles.map(\.fileCount) == [2])
    }

    @Test("a restore that ends before they are erased leaves the mark")
    func interrupted() async throws {
        let town = try await Town()
        try await town.erase("ann", after: 60)
        let packs = try await town.context.repository.store.list(prefix: "data/").map(\.name)
        var stored = [(String, [UInt8])]()
        for pack in packs {
            stored.append((pack, try await town.context.repository.store.get(pack)))
            try await town.context.repository.store.delete(pack)
        }
        await #expect(throws: (any Error).self) {
            try await PointRestore(town.point, in: town.context).toFolder(
                RestoreOrder([.init(source: "uploads", kind: .files)]), words: "test",
                folder: town.stage.path + "/out")
        }
        #expect(Exchange.exists(town.stage.path + "/out/uploads/ERASURES-NOT-APPLIED.txt"))
        for (pack, bytes) in stored { try await town.context.repository.store.put(pack, bytes) }
        _ = try await town.toFolder()
        #expect(!Exchange.exists(town.stage.path + "/out/uploads/ERASURES-NOT-APPLIED.txt"))
        #expect(try town.restored == ["bob", "one"])
    }
}
