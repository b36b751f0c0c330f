import FoundationEssentials
import Glibc
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

/// What an independent reader found in the sample repository, which restic 0.19.1, restic 0.14 and another writer made.
private struct Sample: Decodable {
    struct Entry: Decodable {
        let path_hex: String
        let type: String
        let mode_go: UInt64
        let uid: UInt32
        let gid: UInt32
        let mtime: String
        let size: UInt64?
        let sha256: String?
        let target_hex: String?
        let device: UInt64?
        let links: UInt64?
        let xattrs: [String: String]?
    }
    struct Listed: Decodable {
        let id: String
        let nodes: [Entry]
    }
    let snapshots: [Listed]
}

private func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { UInt8(exactly: Int(String(decoding: [$0], as: UTF8.self), radix: 16) ?? 0) ?? 0 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private let vectors = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Vectors"

@Suite("the sample repository of three writers")
struct SampleTests {
    private func sample() throws -> Sample {
        try JSONDecoder().decode(
            Sample.self, from: Data(contentsOf: URL(filePath: vectors + "/sample-repo.expected.json")))
    }

    @Test("is restored as an independent reader says it is", arguments: 0..<3)
    func restored(number: Int) async throws {
        let stage = try await Stage(copyOf: vectors + "/sample-repo", password: "lifeboat-sample")
        let listed = try sample().snapshots[number]
        let snapshot = try await stage.repository.findSnapshot(listed.id).snapshot
        let report = try await stage.restore(snapshot, at: "/", to: stage.folder("back")) { $0.verifies = true }
        #expect(report.messages == [])
        #expect(report.result.verifiedFileCount == report.result.fileCount)
        for entry in listed.nodes { try await compare(entry, stage) }
        let restored = try await Tool.run("find", [stage.folder("back"), "-mindepth", "1", "-printf", "x"])
        #expect(restored.count == listed.nodes.count)
    }

    private func compare(_ entry: Sample.Entry, _ stage: Stage) async throws {
        var path = Array(stage.folder("back").utf8) + bytes(hex: entry.path_hex)
        let name = RawName.printable(bytes(hex: entry.path_hex))
        let slash = path.lastIndex(of: 0x2F) ?? 0
        let leaf = Array(path[(slash + 1)...])
        path.removeSubrange(slash...)
        let folder = try OpenFolder(String(decoding: path, as: UTF8.self))
        let status = try folder.status(leaf)
        let kinds: [UInt32: String] = [
            S_IFREG: "file", S_IFDIR: "dir", S_IFLNK: "symlink", S_IFCHR: "chardev", S_IFIFO: "fifo",
        ]
        #expect(kinds[status.st_mode & S_IFMT] == entry.type, "\(name)")
        let special = (entry.mode_go >> 23 & 1) << 11 | (entry.mode_go >> 22 & 1) << 10 | (entry.mode_go >> 20 & 1) << 9
        let mode = UInt32(entry.mode_go & 0o777 | special)
        if entry.type != "symlink" { #expect(status.st_mode & 0o7777 == mode, "\(name)") }
        if geteuid() == 0 { #expect([status.st_uid, status.st_gid] == [entry.uid, entry.gid], "\(name)") }
        let time = try #require(Timestamp(rfc3339: entry.mtime))
        let modified = Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec))
        #expect(modified == time, "\(name)")
        if let device = entry.device { #expect(UInt64(status.st_rdev) == device, "\(name)") }
        if let target = entry.target_hex {
            #expect(folder.target(leaf) == bytes(hex: target), "\(name)")
        }
        if let digest = entry.sha256 {
            let content = try folder.content(leaf)
            #expect(SHA256.digest(content).hex == digest && UInt64(content.count) == entry.size, "\(name)")
        }
        #expect(try Set(folder.attributeNames(leaf)) == Set(entry.xattrs.map { Array($0.keys) } ?? []), "\(name)")
        for (key, value) in entry.xattrs ?? [:] {
            #expect(folder.attribute(leaf, key) == bytes(hex: value), "\(name)")
        }
    }

    @Test("takes a backup of ours with its own snapshot as parent", .enabled(if: Restic.isExpected, "install restic"))
    func continued() async throws {
        let stage = try await Stage(copyOf: vectors + "/sample-repo", password: "lifeboat-sample")
        let entry = try #require(try await stage.repository.snapshots().entries.first)
        try await stage.backup(ScriptedSource([("a", ScriptedSource.file([1]))]), as: "/srv/sample") {
            $0.parent = .snapshot(entry)
        }
        try await stage.restic.check()
        #expect(try await stage.proveSound() == 4)
    }
}

@Suite("damaged repositories made by hand")
struct NegativeTests {
    /// What restic writes in silence for each, we refuse or get right: `a` is `hello` and `b` is `WORLD`.
    @Test(
        "never give a wrong byte without an error",
        arguments: [
            "wrong-length-both", "wrong-length-index", "content-null", "time-without-zone", "bit-flip",
            "false-hard-link",
            "gap-in-pack",
        ])
    func negative(name: String) async throws {
        let stage = try await Stage(copyOf: vectors + "/negative/" + name, password: "lifeboat-sample")
        let snapshot = try await stage.repository.findSnapshot("latest").snapshot
        let report = try await stage.restore(snapshot, at: "/", to: stage.folder("back"))
        let isFine = ["false-hard-link", "gap-in-pack"].contains(name)
        #expect(report.messages.isEmpty == isFine, "\(report.messages)")
        let files = try await Tool.run(
            "find", [stage.folder("back"), "-type", "f", "-size", "+0", "-exec", "sha256sum", "{}", "+"])
        let digests = Set(files.split(separator: "\n").map { String($0.prefix(64)) })
        let right = Set(
            [Array("hello".utf8), Array("WORLD".utf8), Array("helloWORLD".utf8)].map { SHA256.digest($0).hex })
        if isFine { #expect(digests.count == 2 || digests.count == 1) }
        #expect(digests.isSubset(of: right), "\(name): \(files)")
    }
}
