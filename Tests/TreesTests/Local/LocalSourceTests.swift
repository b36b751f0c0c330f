import Glibc
import TestSupport
import Testing
import Trees

@Suite("local source")
struct LocalSourceTests {
    private let folder: ScratchFolder
    private let maker: TreeMaker

    init() throws {
        folder = try ScratchFolder("source")
        maker = try TreeMaker(folder.path)
    }

    /// Everything that is backed up, as paths below the scratch folder; folders end with a slash.
    private func listing(
        _ paths: [String], _ options: LocalSourceOptions = LocalSourceOptions(), absolute: Bool = false
    ) throws -> [String] {
        let bytes = paths.map { Array((absolute ? $0 : folder($0)).utf8) }
        let source = try LocalTreeSource(paths: bytes, options: options)
        var result = [String]()
        func walk(_ directory: any SourceDirectory, _ path: String) throws {
            let listing = try directory.entries()
            #expect(listing.failures.isEmpty)
            for (one, next) in zip(listing.entries, listing.entries.dropFirst()) {
                #expect(RawName.isAscending(one.name, next.name))
            }
            for entry in listing.entries {
                let name = path + "/" + String(decoding: entry.name, as: UTF8.self)
                let isDirectory = entry.metadata.kind == .directory
                result.append(isDirectory ? name + "/" : name)
                if isDirectory { try walk(try directory.directory(entry), name) }
            }
        }
        try walk(try source.root(), "")
        let prefix = folder.path + "/"
        return result.compactMap {
            $0.hasPrefix(prefix) && $0.count > prefix.count ? String($0.dropFirst(prefix.count)) : nil
        }
    }

    @Test("lists what is below a path under all of its parents, in order of bytes")
    func parents() throws {
        let srv = try maker.directory("srv", mode: 0o711)
        try srv.file("Z")
        try srv.file("a")
        try srv.file([0xFF])
        try srv.file("a.b")
        try srv.directory("a-").file("x")
        try maker.file("not named")
        #expect(try listing(["srv"]) == ["srv/", "srv/Z", "srv/a", "srv/a-/", "srv/a-/x", "srv/a.b", "srv/\u{FFFD}"])
        let source = try LocalTreeSource(paths: [Array(folder("srv/a-").utf8)])
        var directory = try source.root()
        for name in folder("srv").path.map({ $0 }) {
            let entries = try directory.entries().entries
            #expect(entries.map(\.name) == [name])
            if name == Array("srv".utf8) { #expect(entries.first?.metadata.permissions == 0o711) }
            directory = try directory.directory(try #require(entries.first))
        }
        #expect(try directory.entries().entries.map(\.name) == [Array("a-".utf8)])
    }

    @Test("merges paths that are the same, near each other, or within each other")
    func merging() throws {
        let one = try maker.directory("one")
        try one.directory("deep").directory("er").file("f")
        try one.directory("other").file("g")
        try maker.directory("two").file("h")
        #expect(
            try listing(["one/deep/er", "two", "two/", "./one//deep/../deep/er"]) == [
                "one/", "one/deep/", "one/deep/er/", "one/deep/er/f", "two/", "two/h",
            ])
        let all = ["one/", "one/deep/", "one/deep/er/", "one/deep/er/f", "one/other/", "one/other/g"]
        #expect(try listing(["one", "one/deep/er"]) == all)
        #expect(try listing(["one/deep/er/f", "one"]) == all)
        let source = try LocalTreeSource(paths: ["one", "two/", "one/../one/."].map { Array(folder($0).utf8) })
        #expect(source.paths == [folder("one"), folder("two")].map { Array($0.utf8) })
    }

    @Test("takes relative paths from the folder that is handed in")
    func relative() throws {
        try maker.directory("a").directory("b").file("c")
        var options = LocalSourceOptions()
        options.workingDirectory = Array(folder("a/b").utf8)
        #expect(try listing(["../b/c"], options, absolute: true) == ["a/", "a/b/", "a/b/c"])
        #expect(try listing(["."], options, absolute: true) == ["a/", "a/b/", "a/b/c"])
    }

    @Test("a missing path is named, with a hint; so is one that cannot be")
    func missing() {
        let error = #expect(throws: TreeError.self) { try listing(["nowhere"]) }
        #expect(error?.code == .notFound)
        #expect(error?.subject == folder("nowhere"))
        #expect(error?.message == "cannot back up: no such file or directory")
        #expect(error?.hint.isEmpty == false)
        #expect(#expect(throws: TreeError.self) { try LocalTreeSource(paths: []) }?.code == .notFound)
        #expect(#expect(throws: TreeError.self) { try LocalTreeSource(paths: [[]]) }?.code == .unsafeName)
        #expect(#expect(throws: TreeError.self) { try LocalTreeSource(paths: [[0x2F, 0]]) }?.code == .unsafeName)
    }

    @Test("a path that is a symlink is a symlink, unless a slash follows")
    func symlinks() throws {
        try maker.directory("real").file("x")
        try maker.symlink("link", to: "real")
        try maker.file("file")
        #expect(try listing(["link"]) == ["link"])
        #expect(try listing(["link/"]) == ["link/", "link/x"])
        #expect(try listing(["link/x"]) == ["link/", "link/x"])
        #expect(#expect(throws: TreeError.self) { try listing(["file/"]) }?.code == .obstructed)
    }

    @Test("sockets are left out, FIFOs and dangling links are not")
    func kinds() throws {
        try maker.special("socket", kind: S_IFSOCK)
        try maker.special("fifo", kind: S_IFIFO)
        try maker.symlink("dangling", to: "nowhere")
        #expect(try listing(["."]) == ["dangling", "fifo"])
    }

    @Test("patterns leave out names, and what lies on the way to a named path stays")
    func excludes() throws {
        let a = try maker.directory("a")
        try a.file("x.tmp")
        try a.file("x")
        try a.file("keep.tmp")
        let cache = try a.directory("cache")
        try cache.file("y")
        try cache.directory("wanted").file("z")
        var options = LocalSourceOptions()
        options.excludes = try PatternList(["*.tmp", "!keep.tmp", "\(folder.path)/a/cache/y"])
        #expect(
            try listing(["a"], options) == [
                "a/", "a/cache/", "a/cache/wanted/", "a/cache/wanted/z", "a/keep.tmp", "a/x",
            ])
        options.excludes = try PatternList(["cache"])
        #expect(try listing(["a"], options) == ["a/", "a/keep.tmp", "a/x", "a/x.tmp"])
        #expect(try listing(["a/cache"], options) == ["a/"])
    }

    @Test("of a cache only the folder and its tag are kept")
    func caches() throws {
        let good = try maker.directory("good")
        try good.file("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# more")
        try good.file("big")
        try good.directory("below").file("CACHEDIR.TAG")
        let bad = try maker.directory("bad")
        try bad.file("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc5")
        try bad.file("big")
        let link = try maker.directory("link")
        try link.symlink("CACHEDIR.TAG", to: "../good/CACHEDIR.TAG")
        try link.file("big")
        var options = LocalSourceOptions()
        options.excludesCaches = true
        #expect(
            try listing(["."], options) == [
                "bad/", "bad/CACHEDIR.TAG", "bad/big", "good/", "good/CACHEDIR.TAG", "link/", "link/CACHEDIR.TAG",
                "link/big",
            ])
        #expect(try listing(["good"]).count == 5)
    }

    @Test("files above a size are left out, folders and links are not")
    func larger() throws {
        try maker.file("small", "123")
        try maker.file("large", "1234")
        try maker.directory("folder")
        try maker.symlink("link", to: "a-long-target")
        var options = LocalSourceOptions()
        options.maximumByteCount = 3
        #expect(try listing(["."], options) == ["folder/", "link", "small"])
    }

    @Test(
        "a mount point stays as an empty folder, and a named path below it does not",
        .enabled(if: geteuid() == 0, "needs root"))
    func oneFileSystem() throws {
        try maker.directory("a").directory("mount")
        guard mount("none", folder("a/mount"), "tmpfs", 0, nil) == 0 else { throw SystemError("mount") }
        defer { umount(folder("a/mount")) }
        let mounted = try TreeMaker(folder("a/mount"))
        try mounted.directory("in").file("x")
        try mounted.file("y")
        var options = LocalSourceOptions()
        #expect(try listing(["a"], options) == ["a/", "a/mount/", "a/mount/in/", "a/mount/in/x", "a/mount/y"])
        options.staysOnFileSystem = true
        #expect(try listing(["a"], options) == ["a/", "a/mount/"])
        #expect(try listing(["a", "a/mount/in"], options) == ["a/", "a/mount/", "a/mount/in/", "a/mount/in/x"])
        #expect(try listing(["a/mount"], options) == ["a/", "a/mount/", "a/mount/in/", "a/mount/in/x", "a/mount/y"])
    }
}
