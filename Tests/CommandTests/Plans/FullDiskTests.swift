import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "Scratch on a full disk", .enabled(if: Service.isExpected, "\(Service.install)"),
        .enabled(if: geteuid() == 0, "only root can mount a small file system"))
    struct FullDiskTests {
        /// A service whose folder for scratch data is a file system of `mebibytes`, for as long as `body` takes.
        private func onSmallDisk(
            _ mebibytes: Int, _ part: Service.Part, _ body: (Service) async throws -> Void
        ) async throws {
            let service = try await Service([part])
            try await service.done("backup", "nightly")
            let state = try service.place.write("", to: "state/scratch/.keep").dropLast("/.keep".count).description
            _ = try await Tool.run("mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=711", "small", state])
            let result: Result<Void, any Error>
            do { result = .success(try await body(service)) } catch { result = .failure(error) }
            _ = try await Tool.run("umount", [state])
            try result.get()
        }

        @Test(
            "a verification is inconclusive, says why, and leaves nothing; a restore ends with 1 and a hint",
            arguments: [(8, "physical"), (24, "physical"), (24, "logical")])
        func full(_ mebibytes: Int, _ method: String) async throws {
            try await onSmallDisk(mebibytes, .mariadb(method)) { service in
                let verify = await service.run("verify")
                #expect(verify.status == 5, "\(verify)")
                #expect(verify.output.contains("not enough space"), "\(verify.output)")
                #expect(verify.output.contains("INCONCLUSIVE"))
                let left = try service.place.list("state/scratch")
                #expect(left.isEmpty)
                let restore = await service.run(
                    "restore", "--point", "latest", "--source", "db", "--into", "scratch", "--run", "true")
                #expect(restore.status == 1, "\(restore)")
                #expect(restore.messages.contains("hint:  make room there"), "\(restore.messages)")
                #expect(try service.place.list("state/scratch").isEmpty)
            }
        }
    }
}
