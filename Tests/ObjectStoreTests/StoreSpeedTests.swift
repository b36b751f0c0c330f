import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing

/// Measures; run with LIFEBOAT_MEASURE=1.
@Suite("speed of stores", .serialized, .enabled(if: getenv("LIFEBOAT_MEASURE") != nil, "measures only when asked"))
struct StoreSpeedTests {
    private static let size = 16 << 20
    private static let count = 24

    @Test("of putting and getting 16 MiB to the gateway and to a directory", arguments: [1, 4])
    func bulk(width: Int) async throws {
        let folder = try TemporaryFolder("speed")
        try await measure("gateway", S3Server.shared().store(), width)
        try await measure("directory", DirectoryStore(root: folder.path), width)
    }

    @Test("of listing 51 200 packs in 256 folders of a directory")
    func listing() async throws {
        let folder = try TemporaryFolder("speed")
        mkdir(folder.path + "/data", 0o700)
        for index in 0..<256 {
            let below = folder.path + "/data/" + String(256 + index, radix: 16).dropFirst()
            mkdir(below, 0o700)
            for file in 0..<200 { close(open("\(below)/\(file)", O_CREAT | O_WRONLY, 0o400)) }
        }
        let store = DirectoryStore(root: folder.path)
        let all = try await seconds {
            let found = try await store.list(prefix: "data/").count
            #expect(found == 51_200)
        }
        let one = try await seconds {
            let page = try await store.list(prefix: "data/", after: "data/7f/100", limit: 1)
            #expect(page.objects.map(\.name) == ["data/7f/101"])
        }
        print("SPEED listing 51200 names: \(all) s; one name after another in the middle: \(one) s")
    }

    @Test("of the curl program, for comparison")
    func curl() async throws {
        let server = try await S3Server.shared()
        let folder = try TemporaryFolder("speed")
        let path = folder.path + "/pack"
        let file = try #require(fopen(path, "w"))
        let bytes = StoreContract.bytes(Self.size)
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        let common = [
            "-sS", "-o", "/dev/null", "--aws-sigv4", "aws:amz:us-east-1:s3", "-u",
            "\(server.accessKeyID):\(server.secret)",
            "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD",
        ]
        let url = "\(server.endpoint)/\(server.bucket)/speed-curl"
        let each = (0..<Self.count).map { "\(url)/\($0)" }
        let put = try await seconds {
            _ = try await Tool.run("curl", common + each.flatMap { ["-T", path, "-o", "/dev/null", $0] })
        }
        let get = try await seconds {
            _ = try await Tool.run("curl", common + each.flatMap { ["-o", "/dev/null", $0] })
        }
        report("curl", 1, put, get)
    }

    private func measure(_ name: String, _ store: any ObjectStore, _ width: Int) async throws {
        let bytes = StoreContract.bytes(Self.size)
        let digest = SHA256.digest(bytes).bytes  // as for a pack, whose name it is
        func each(_ body: @escaping @Sendable (String) async throws -> Void) async throws -> Double {
            try await seconds {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<width {
                        group.addTask {
                            for index in stride(from: worker, to: Self.count, by: width) { try await body("\(index)") }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
        let put = try await each { try await store.put($0, bytes[...], digest: digest, condition: .always) }
        let get = try await each {
            let count = try await store.get($0).count
            #expect(count == Self.size)
        }
        report(name, width, put, get)
    }

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        let elapsed = start.duration(to: .now).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
    }

    private func report(_ name: String, _ width: Int, _ put: Double, _ get: Double) {
        let megabytes = Double(Self.size * Self.count) / 1e6
        print("SPEED \(name) x\(width): put \(Int(megabytes / put)) MB/s, get \(Int(megabytes / get)) MB/s")
    }
}
