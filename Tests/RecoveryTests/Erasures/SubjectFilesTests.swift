import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Recovery

@Suite("Files of somebody who was erased, found by the names that are there")
struct SubjectFilesTests {
    private static func tree(_ files: [String]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder("subjects")
        for file in files {
            let path = folder.path + "/" + file
            try FileManager.default.createDirectory(
                atPath: path.parentFolder, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(filePath: path))
        }
        return folder
    }

    private static func left(_ folder: TemporaryFolder) throws -> [String] {
        var found = [String]()
        func list(_ path: String, _ name: String) throws {
            guard RawFolder.isFolder(Array(path.utf8)) else { return found.append(name) }
            for child in try Exchange.names(in: path) { try list(path + "/" + child, name + "/" + child) }
        }
        for child in try Exchange.names(in: folder.path) { try list(folder.path + "/" + child, child) }
        return found.sorted()
    }

    private static let files = [
        "srv/up/ann/a", "srv/up/ann/.hidden", "srv/up/ann/deep/b", "srv/up/anna/c", "srv/up/bob/d", "srv/up/ann.png",
        "srv/up/x-ann-1.jpg", "srv/up/x-bob-1.jpg", "srv/other/ann/e",
    ]

    @Test(
        "a pattern takes what is theirs and nothing of anybody else's",
        arguments: [
            ("/srv/up/:key", ["srv/up/ann/.hidden", "srv/up/ann/a", "srv/up/ann/deep/b"]),
            ("/srv/up/:key/**", ["srv/up/ann/.hidden", "srv/up/ann/a", "srv/up/ann/deep/b"]),
            ("/srv/up/:key/*", ["srv/up/ann/.hidden", "srv/up/ann/a", "srv/up/ann/deep/b"]),
            ("/srv/up/:key/a", ["srv/up/ann/a"]), ("/srv/up/:key.png", ["srv/up/ann.png"]),
            ("/srv/up/?-:key-*.jpg", ["srv/up/x-ann-1.jpg"]), ("/srv/*/:key/e", ["srv/other/ann/e"]),
            ("/**/:key/b", []), ("/**/:key/**/b", ["srv/up/ann/deep/b"]),
            ("/**/:key/e", ["srv/other/ann/e"]), ("/srv/nowhere/:key", []), ("/srv/up/:key/:key", []),
        ])
    func patterns(pattern: String, gone: [String]) throws {
        let folder = try Self.tree(Self.files)
        let count = try SubjectFiles(pattern, kind: "user").remove(below: folder.path, standingFor: "/") { $0 == "ann" }
        #expect(count == gone.count)
        #expect(try Self.left(folder) == Self.files.filter { !gone.contains($0) }.sorted())
    }

    @Test(
        "a tree that stands for a path deeper than the root is matched by that path",
        arguments: [
            ("/srv/up", ["ann/a", "bob/b"], ["bob/b"]), ("/srv/up/ann", ["a", "b/c"], []),
            ("/srv/x", ["ann/a"], ["ann/a"]),
        ])
    func below(live: String, files: [String], left: [String]) throws {
        let folder = try Self.tree(files)
        let count = try SubjectFiles("/srv/up/:key", kind: "user").remove(below: folder.path, standingFor: live) {
            $0 == "ann"
        }
        #expect(count == files.count - left.count)
        #expect(try Self.left(folder) == left && Exchange.exists(folder.path))
    }

    @Test("keys with signs of patterns are names like others, and no link is followed")
    func names() throws {
        let folder = try Self.tree(["up/*/a", "up/o'b?/b", "elsewhere/c"])
        symlink(folder.path + "/elsewhere", folder.path + "/up/link")
        symlink(folder.path + "/elsewhere", folder.path + "/up/*/link")
        let count = try SubjectFiles("/up/:key", kind: "user").remove(below: folder.path, standingFor: "/") {
            ["*", "link", "o'b?"].contains($0)
        }
        #expect(count == 4)
        #expect(try Self.left(folder) == ["elsewhere/c"])
        #expect(
            try SubjectFiles("/up/:key/c", kind: "user").remove(below: folder.path, standingFor: "/") { _ in true } == 0
        )
    }

    @Test("a pattern that names nobody is refused", arguments: ["/srv/up/*", "srv/:key", "/srv/[a-z]/:key"])
    func refused(pattern: String) {
        let error = #expect(throws: RecoveryError.self) { try SubjectFiles(pattern, kind: "user") }
        #expect(error?.code == .notHandedOver && error?.subject == "erasures.user")
    }
}
