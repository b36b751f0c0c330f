import TestSupport
import Testing

extension ServiceSuites {
    @Suite("Which points stay")
    struct RetentionCommandTests {
        private func service(points count: Int) async throws -> (Service, [PointJSON]) {
            let service = try await Service([.sqlite, .files])
            for _ in 0..<count { try await service.done("backup", "nightly") }
            return (service, try [PointJSON].json(try await service.done("points", "--json")))
        }

        @Test("simulate prints a reason for each and changes nothing; apply removes points with their snapshots")
        func apply() async throws {
            let (service, points) = try await service(points: 3)
            try service.configure { $0.plan = ["keep: {last: 1}"] }
            let simulated = try await service.done("retention", "simulate")
            let rows = simulated.split(separator: "\n").filter { line in
                points.contains { line.hasPrefix($0.id.prefix(8)) }
            }
            #expect(rows.count == 3, "\(simulated)")
            #expect(rows[0].hasPrefix(points[2].id.prefix(8)) && rows[0].hasSuffix("last point"), "\(simulated)")
            #expect(simulated.contains("1 of 3 points would stay, 2 would go"), "\(simulated)")
            #expect(try service.place.list("repository/snapshots").count == 6)
            #expect(try await service.done("retention", "apply").contains("1 of 3 points stayed, 2 removed"))
            #expect(try service.place.list("repository/snapshots").count == 2)
            let left = try [PointJSON].json(try await service.done("points", "--json"))
            #expect(left.map(\.id) == [points[2].id] && left[0].state == "whole")
            try await service.done("prune")
            #expect(await service.run("verify").status == 0)
        }

        @Test("spans count from the newest point, so a service that is not backed up any more loses nothing")
        func later() async throws {
            let (service, _) = try await service(points: 2)
            try service.configure { $0.plan = ["keep: {within: 1d}"] }
            let later = try await service.done("retention", "simulate", "--at", "2036-01-01T00:00:00Z")
            #expect(later.contains("2 of 2 points would stay, 0 would go") && later.contains("within 1d"), "\(later)")
        }

        @Test("a pinned point stays, until it is let go")
        func pinned() async throws {
            let (service, points) = try await service(points: 2)
            try service.configure { $0.plan = ["keep: {last: 1}"] }
            let old = String(points[0].id.prefix(6))
            try await service.done("points", "pin", old, "--reason", "before the migration")
            #expect(try await service.done("points").contains("whole, pinned"))
            #expect(try await service.done("retention", "apply").contains("2 of 2 points stayed"))
            try await service.done("points", "unpin", old)
            #expect(try await service.done("retention", "apply").contains("1 of 2 points stayed, 1 removed"))
        }

        @Test(
            "forget by rules leaves the snapshots of points alone and says so; by name it breaks the point, which says so"
        )
        func forget() async throws {
            let (service, points) = try await service(points: 2)
            let outcome = await service.run("forget", "--keep-last", "1", "--group-by", "host")
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.messages.contains("4 snapshots of recovery points are left alone"), "\(outcome.messages)")
            #expect(try service.place.list("repository/snapshots").count == 4)
            let snapshot = try #require(points[1].part("search")?.snapshot?.id)
            try await service.done("forget", snapshot)
            let states = try [PointJSON].json(try await service.done("points", "--json")).map(\.state)
            #expect(states == ["whole", "broken"])
            let restore = await service.run(
                "restore", "--point", points[1].id, "--source", "search", "--into", "scratch")
            #expect(restore.status == 1 && restore.messages.contains("is gone: somebody removed it"), "\(restore)")
        }
    }
}
