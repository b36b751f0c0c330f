import Foundation
import Testing

@testable import Sealing

@Suite struct ResticTests {
    static let executable = ["/usr/bin/restic", "/usr/local/bin/restic"].first(
        where: FileManager.default.isExecutableFile(atPath:))
    static let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] != nil

    struct Failure: Error { let message: String }

    @Test(
        "the real restic opens our key file and what we sealed, and we open the key file it adds",
        .enabled(if: executable != nil || isContinuousIntegration, "restic is not installed"))
    func resticOpens() async throws {
        let executable = try #require(Self.executable, "restic is not installed, and CI is set")
        let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "sealing-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // a folder left behind harms nobody
        for name in ["keys", "data", "index", "snapshots", "locks"] {
            try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        let key = SealingKey.random()
        let file = try KeyFile.make(
            password: SecretBytes("päßwörd".utf8), key: key, parameters: .init(n: 16, r: 8, p: 1),
            created: "2026-01-01T00:00:00Z", username: "u", hostname: "h"
        ).encoded()
        try Data(file).write(to: folder.appending(path: "keys/\(SHA256.digest(file).hex)"))
        let id = String(repeating: "0a", count: 32)
        let config = #"{"version":2,"id":"\#(id)","chunker_polynomial":"3da3358b4dc173"}"#
        var sealer = Sealer(key: key)
        try Data(sealer.seal([UInt8](config.utf8))).write(to: folder.appending(path: "config"))
        let snapshot = #"{"time":"2026-01-01T00:00:00Z","tree":"\#(id)","paths":["/a"],"hostname":"h"}"#
        var compressor = Compressor(level: 3)
        let stored = sealer.seal([2] + (try compressor.compress([UInt8](snapshot.utf8))))
        try Data(stored).write(to: folder.appending(path: "snapshots/\(SHA256.digest(stored).hex)"))

        let printed = try await run(executable, ["cat", "config"], in: folder)
        #expect(printed.contains(id) && printed.contains("3da3358b4dc173"))
        let master = try await run(executable, ["cat", "masterkey"], in: folder)
        #expect(try SealingKey(json: [UInt8](master.utf8)).constantTimeEquals(key))
        #expect(try await run(executable, ["snapshots", "--json"], in: folder).contains(SHA256.digest(stored).hex))

        try Data("other\n".utf8).write(to: folder.appending(path: "password"))
        _ = try await run(executable, ["key", "add", "--new-password-file", "password"], in: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "keys").path)
        let added = try #require(names.first { $0 != SHA256.digest(file).hex })
        let theirs = try KeyFile(json: [UInt8](Data(contentsOf: folder.appending(path: "keys/\(added)"))))
        #expect(try theirs.open(password: SecretBytes("other".utf8)).constantTimeEquals(key))
    }

    private func run(_ executable: String, _ arguments: [String], in folder: URL) async throws -> String {
        let output = folder.appending(path: "output")
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = ["--repo", folder.path, "--no-cache", "--no-lock"] + arguments
        process.currentDirectoryURL = folder
        process.environment = ["RESTIC_PASSWORD": "päßwörd", "HOME": folder.path]
        process.standardOutput = try FileHandle(forWritingTo: output)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { process in
                let status = process.terminationStatus
                continuation.resume(
                    with: status == 0 ? .success(()) : .failure(Failure(message: "restic \(arguments): \(status)")))
            }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return String(decoding: try Data(contentsOf: output), as: UTF8.self)
    }
}
