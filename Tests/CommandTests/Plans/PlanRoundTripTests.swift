import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A plan of five kinds of sources", .enabled(if: Service.isExpected, "\(Service.install)"), .serialized)
    struct PlanRoundTripTests {
        @Test(
            "one command makes one point on S3, which verifies, and which restic lists and checks",
            .enabled(if: S3Server.Kind.gateway.isExpected, "install with Tests/Support/s3/install rgw"))
        func logical() async throws {
            let service = try await Service(Service.Part.logical, onS3: true)
            let backup = await service.run("backup", "nightly")
            #expect(backup.status == 0, "\(backup.output)\(backup.messages)")
            let points = try [PointJSON].json(await service.run("points", "--json").output)
            #expect(points.count == 1 && points[0].state == "whole")
            #expect(points[0].parts.map(\.source) == ["db", "directory", "search", "sessions", "uploads"])
            #expect(points[0].parts.allSatisfy { $0.outcome == "complete" })
            let verify = await service.run("verify")
            #expect(verify.status == 0, "\(verify.output)\(verify.messages)")
            #expect(verify.output.contains("point \(points[0].id): PASS"))
            let snapshots = try await service.restic("snapshots", "--json", "--tag", "lifeboat-point:\(points[0].id)")
            for part in points[0].parts {
                let id = try #require(part.snapshot?.id)
                #expect(snapshots.contains(id), "\(part.source)")
            }
            try await service.restic("check", "--read-data")
        }

        @Test("table files of a server that is written to come back, and their content is inconclusive: exit code 5")
        func physical() async throws {
            let service = try await Service([
                .mariadb("physical"), .postgresql("physical"), .redis("store"), .sqlite, .files,
            ])
            // Somebody writes between the base and the count of its tables.
            let socket = try service.server("db")["MARIADB_SOCKET"]
            let writer = Task {
                while !Task.isCancelled {
                    try await ServiceData.mariadb(socket: socket, "INSERT INTO app.users (name) VALUES ('late')")
                }
            }
            let backup = await service.run("backup", "nightly")
            writer.cancel()
            _ = await writer.result
            #expect(backup.status == 0, "\(backup.output)\(backup.messages)")
            let verify = await service.run("verify", "--json")
            let found = try VerificationJSON.json(verify.output)
            #expect(verify.status == 5, "\(verify.output)\(verify.messages)")
            #expect(found.part("db")?.verdict == "inconclusive")
            #expect(found.part("db")?.message.contains("counted at another position") == true, "\(found)")
            for name in ["search", "sessions", "uploads"] { #expect(found.part(name)?.verdict == "pass", "\(found)") }
            #expect(try service.place.list("state/scratch").isEmpty)
        }
    }
}
