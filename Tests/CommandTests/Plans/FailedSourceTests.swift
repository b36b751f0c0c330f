import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A plan with a source that fails", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct FailedSourceTests {
        /// What goes wrong, at which source, and what the operator must read.
        enum Fault: String, CaseIterable, Sendable {
            case serverDown, wrongPassword, droppedPrivilege, vanishedMount, emptyFolder

            var source: String { self == .vanishedMount || self == .emptyFolder ? "uploads" : "db" }

            /// Part of the reason, and of the remedy, in the point.
            var told: (message: String, hint: String) {
                switch self {
                case .serverDown: ("Can't connect", "does the server run?")
                case .wrongPassword: ("Access denied", "check user and password")
                case .droppedPrivilege: ("", "GRANT")
                case .vanishedMount: ("uploads: is not mounted", "mount it again")
                case .emptyFolder: ("", "minimum-files")
                }
            }

            /// What `doctor` must say word for word.
            var remedy: String {
                switch self {
                case .serverDown: "does the server run?"
                case .wrongPassword: "check user and password"
                case .droppedPrivilege: "GRANT RELOAD ON *.* TO 'backup'@'localhost'"
                case .vanishedMount: "mount /"
                case .emptyFolder: "uploads is empty"
                }
            }

            func cause(in service: Service) async throws {
                switch self {
                case .serverDown: try await service.server("db").kill()
                case .wrongPassword:
                    let file = try service.place.write("wrong", to: "wrong-password", mode: 0o600)
                    try service.set("db", "password", "{file: \(file)}")
                case .droppedPrivilege:
                    try await ServiceData.mariadb(
                        try service.server("db"), "REVOKE RELOAD ON *.* FROM backup@localhost")
                case .vanishedMount: try service.set("uploads", "mounts", "[\(service.place.path("uploads"))]")
                case .emptyFolder:
                    for name in try service.place.list("uploads") { unlink(service.place.path("uploads/" + name)) }
                }
            }
        }

        @Test(
            "its part says why and what to do, the others complete, latest passes over it, and doctor names the remedy",
            arguments: Fault.allCases)
        func fault(_ fault: Fault) async throws {
            let service = try await Service([.mariadb("physical"), .sqlite, .files])
            try await service.done("backup", "nightly")
            let good = try #require(try [PointJSON].json(try await service.done("points", "--json")).last)
            try await fault.cause(in: service)

            let backup = await service.run("backup", "nightly", "--json")
            #expect(backup.status == 6, "\(backup)")
            let made = try PointJSON.json(backup.output)
            for part in made.parts {
                #expect(part.outcome == (part.source == fault.source ? "failed" : "complete"), "\(part)")
            }
            let failure = try #require(made.part(fault.source)?.failure)
            #expect(
                failure.message.contains(fault.told.message) && failure.hint.contains(fault.told.hint), "\(failure)")
            #expect(!failure.message.isEmpty && !failure.hint.isEmpty, "\(failure)")
            let show = await service.run("points", "show", String(made.id.prefix(8)))
            #expect(show.status == 6)
            #expect(show.output.contains("state:    failed: \(fault.source)"), "\(show.output)")
            #expect(show.output.contains("\(fault.source): FAILED: "), "\(show.output)")

            let target = service.place.path("restored")
            let restore = await service.run("restore", "--point", "latest", "--source", fault.source, "--to", target)
            #expect(restore.status == 0, "\(restore)")
            #expect(restore.output.contains("of point \(good.id.prefix(8))"))
            #expect(restore.messages.contains("warning: point \(made.id.prefix(8))"), "\(restore.messages)")
            #expect(restore.messages.contains("failed: \(fault.source); taking \(good.id.prefix(8))"))

            let doctor = await service.run("doctor", fault.source)
            #expect(doctor.status == 1, "\(doctor.output)")
            #expect(doctor.output.contains("PROBLEM"))
            #expect(doctor.output.contains(fault.remedy), "\(doctor.output)")
        }
    }
}
