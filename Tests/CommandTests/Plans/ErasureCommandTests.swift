import FoundationEssentials
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("Erasures, as a person writes them down", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct ErasureCommandTests {
        private struct Entry: Decodable {
            var number: UInt64
            var position: String?
            var is_new: Bool
            var warnings: [String]
        }

        private struct List: Decodable {
            struct Row: Decodable {
                var number: UInt64
                var kind: String
                var confirmation: UInt64?
                var reference: String?
            }
            var erasures: [Row]
        }

        private struct Review: Decodable {
            struct Kind: Decodable {
                var kind: String
                var open_count: Int
                var confirmed_count: Int
                var found_count: Int?
                var problem: String?
            }
            var kinds: [Kind]
            var point_count: Int
        }

        private static let rules = [
            "user:", "  source: db", "  database: app", "  enumerate: SELECT id FROM users",
            "  erase: ['DELETE FROM users WHERE id = :key']", "  verify: SELECT COUNT(*) FROM users WHERE id = :key",
        ]

        private func entry(_ outcome: Outcome) throws -> Entry {
            try #require(outcome.status == 0, "\(outcome)")
            return try JSONDecoder().decode(Entry.self, from: Data(outcome.output.utf8))
        }

        private func review(_ service: Service) async throws -> (code: Int32, review: Review) {
            let outcome = await service.run("erasure", "verify", "--json")
            return (outcome.status, try JSONDecoder().decode(Review.self, from: Data(outcome.output.utf8)))
        }

        private func add(_ service: Service, _ key: String, _ more: String...) async throws -> Entry {
            try entry(await service.place.run(["erasure", "add", "user", "--json"] + more, input: key))
        }

        @Test(
            "add once, refuse to confirm who is still there, confirm at the live position, and find who came back",
            arguments: [SourcePart.mariadb, .postgresql])
        func erasure(_ part: SourcePart) async throws {
            let service = try await part.service()
            try service.configure { $0.more = ["erasures:"] + part.rules(Self.rules).map { "  " + $0 } }
            let first = try await add(service, "7", "--reference", "TICKET-12")
            #expect(first.number == 1 && first.is_new && first.warnings.isEmpty, "\(first)")
            let again = try await add(service, "7")
            #expect(again.number == 1 && !again.is_new)
            let wrong = try await add(service, "4711")
            #expect(wrong.number == 2 && wrong.warnings.count == 1, "\(wrong)")

            let refused = await service.run("erasure", "confirm", "1")
            #expect(refused.status == 1 && refused.messages.contains("is still in the live database"), "\(refused)")
            try await part.erase(service, 7)
            let confirmed = try entry(await service.run("erasure", "confirm", "1", "--json"))
            #expect(confirmed.number == 3 && confirmed.warnings.isEmpty, "\(confirmed)")
            #expect(confirmed.position?.contains(part == .mariadb ? "0-" : "0/") == true, "\(confirmed)")
            let twice = try entry(await service.run("erasure", "confirm", "1", "--json"))
            #expect(twice.number == 3 && !twice.is_new)

            try await service.done("backup", "nightly")
            let clean = try await review(service)
            #expect(clean.code == 0 && clean.review.point_count == 1, "\(clean)")
            #expect(clean.review.kinds.map(\.confirmed_count) == [1] && clean.review.kinds[0].open_count == 1)
            try await part.register(service, 7)
            let back = try await review(service)
            #expect(back.code == 4 && back.review.kinds[0].found_count == 1, "\(back)")
            #expect(try await add(service, "7").number == 4)
            #expect(await service.run("erasure", "confirm", "4").status == 1)
            #expect(try entry(await service.run("erasure", "confirm", "4", "--force", "--json")).warnings.count == 1)

            let list = try JSONDecoder().decode(
                List.self, from: Data(try await service.done("erasure", "list", "--json").utf8))
            #expect(list.erasures.map(\.number) == [1, 2, 4] && list.erasures.map(\.confirmation) == [3, nil, 5])
            #expect(list.erasures[0].reference == "TICKET-12")
            let text = try await service.done("erasure", "list")
            #expect(text.contains("3 erasures, 1 not confirmed") && text.contains("TICKET-12"), "\(text)")

            try await part.server(service).stop()
            let down = try await review(service)
            #expect(down.code == 5 && down.review.kinds[0].problem != nil, "\(down)")
            let blind = try entry(await service.run("erasure", "confirm", "2", "--json"))
            #expect(blind.position == nil && blind.warnings.count == 2, "\(blind)")

            let prefix = "repository/lifeboat/erasures/"
            let newest = try #require(try service.place.list(prefix).last)
            try FileManager.default.removeItem(atPath: service.place.path(prefix + "000000000002"))
            let holed = await service.run("erasure", "verify")
            #expect(holed.status == 1 && holed.messages.contains("entry 2 is missing"), "\(holed) \(newest)")
        }

        @Test("a kind that is not there, no key, and numbers that are no erasure are refused with what there is")
        func refused() async throws {
            let service = try await Service([.files])
            try service.configure { $0.more = [] }
            let none = await service.run("erasure", "add", "user", "7")
            #expect(none.status == 64 && none.messages.contains("describe it under `erasures:`"), "\(none)")
            #expect(await service.run("erasure", "confirm", "1").messages.contains("no erasure has the number 1"))
            #expect(try await service.done("erasure", "list") == "no erasures\n")
            let rules = try await Service([.mariadb("logical")])
            try rules.configure { $0.more = ["erasures:"] + Self.rules.map { "  " + $0 } }
            let typo = await rules.run("erasure", "add", "usr", "7")
            #expect(typo.status == 64 && typo.messages.contains("did you mean `user`?"), "\(typo)")
            let empty = await rules.run("erasure", "add", "user", "-")
            #expect(empty.status == 64 && empty.messages.contains("no key on standard input"), "\(empty)")
            #expect(try entry(await rules.run("erasure", "add", "user", "7", "--json")).number == 1)
            let confirmation = try entry(await rules.run("erasure", "confirm", "1", "--force", "--json"))
            #expect(confirmation.number == 2)
            let other = await rules.run("erasure", "confirm", "2")
            #expect(other.messages.contains("entry 2 is the confirmation of erasure 1"), "\(other)")
        }
    }

    /// A database with people in it.
    enum SourcePart: Sendable {
        case mariadb, postgresql

        func service() async throws -> Service {
            try await Service([self == .mariadb ? .mariadb("physical") : .postgresql("physical")])
        }

        func server(_ service: Service) throws -> StagingServer {
            try service.server(self == .mariadb ? "db" : "directory")
        }

        func rules(_ lines: [String]) -> [String] {
            guard self == .postgresql else { return lines }
            return lines.map {
                $0.replacing("source: db", with: "source: directory").replacing("users", with: "people")
            }
        }

        func erase(_ service: Service, _ id: Int) async throws {
            try await run(service, "DELETE FROM \(table) WHERE id = \(id)")
        }

        func register(_ service: Service, _ id: Int) async throws {
            try await run(service, "INSERT INTO \(table) VALUES (\(id), 'once more')")
        }

        private var table: String { self == .mariadb ? "app.users" : "people" }

        private func run(_ service: Service, _ sql: String) async throws {
            if self == .mariadb {
                try await ServiceData.mariadb(try server(service), sql)
            } else {
                try await ServiceData.postgresql(try server(service), sql, "app")
            }
        }
    }
}
