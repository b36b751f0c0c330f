import Glibc
import TestSupport
import Testing
import Trees

@Suite("reading of a local source")
struct LocalReadingTests {
    private let folder: ScratchFolder
    private let maker: TreeMaker

    init() throws {
        folder = try ScratchFolder("reading")
        maker = try TreeMaker(folder.path)
    }

    @Test("access times are those of the last change, unless asked for")
    func accessTimes() throws {
        try maker.file("f")
        let times = [timespec(tv_sec: 100, tv_nsec: 1), timespec(tv_sec: 200, tv_nsec: 2)]
        #expect(Array("f".utf8).withCName { utimensat(maker.folder.number, $0, times, 0) } == 0)
        for keeps in [false, true] {
            var options = LocalSourceOptions()
            options.keepsAccessTime = keeps
            let metadata = try entry("f", options).0.metadata
            #expect(metadata.accessed == Timestamp(seconds: keeps ? 100 : 200, nanoseconds: keeps ? 1 : 2))
            #expect(metadata.modified == Timestamp(seconds: 200, nanoseconds: 2))
        }
    }

    /// An entry of the scratch folder and the directory that can open it.
    private func entry(
        _ name: String, _ options: LocalSourceOptions = LocalSourceOptions()
    ) throws -> (SourceEntry, any SourceDirectory) {
        var directory = try LocalTreeSource(paths: [Array(folder.path.utf8)], options: options).root()
        for component in folder.path.path {
            let entry = try #require(try directory.entries().entries.first { $0.name == component })
            directory = try directory.directory(entry)
        }
        return (try #require(try directory.entries().entries.first { $0.name == Array(name.utf8) }), directory)
    }

    @Test("what takes a file's place before it is opened is not read", arguments: ["fifo", "link", "folder", "gone"])
    func replaced(by kind: String) throws {
        try maker.file("f", "content")
        try maker.file("other", "secret")
        let (entry, directory) = try entry("f")
        unlink(folder("f"))
        switch kind {
        case "fifo": try maker.special("f", kind: S_IFIFO)
        case "link": try maker.symlink("f", to: "other")
        case "folder": try maker.directory("f")
        default: break
        }
        let error = #expect(throws: TreeError.self) { try directory.open(entry) }
        #expect(error?.code == (kind == "gone" ? .notFound : .changedWhileReading))
        #expect(error?.subject == folder("f"))
    }

    @Test("a link that takes a folder's place is not followed")
    func replacedFolder() throws {
        try maker.directory("d").file("x")
        try maker.directory("secret").file("y")
        let (entry, directory) = try entry("d")
        #expect(rename(folder("d"), folder("e")) == 0)
        try maker.symlink("d", to: "secret")
        let error = #expect(throws: TreeError.self) { try directory.directory(entry) }
        #expect(error?.code == .changedWhileReading)
    }

    @Test("an open file tells of itself, and is read in pieces to its end")
    func reading() throws {
        try maker.file("f", String(repeating: "0123456789", count: 1_000))
        let (entry, directory) = try entry("f")
        let file = try directory.open(entry)
        #expect(try file.metadata() == entry.metadata)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 7_000, alignment: 8)
        defer { buffer.deallocate() }
        #expect(try file.read(into: buffer) == 7_000)
        #expect(try file.read(into: buffer) == 3_000)
        #expect(try file.read(into: buffer) == 0)
        try maker.mode("f", 0o600)
        #expect(try file.metadata().permissions == 0o600)
    }

    @Test("two thousand levels are read with few open files")
    func depth() throws {
        var deepest = try maker.directory("deep")
        for _ in 0..<2_000 { deepest = try deepest.directory("d") }
        try deepest.file("bottom", "x")
        var most = 0
        var count = 0
        var held = [(any SourceDirectory, SourceEntry)]()
        var directory = try LocalTreeSource(paths: [Array(folder("deep").utf8)]).root()
        while let entry = try directory.entries().entries.first, entry.metadata.kind == .directory {
            let child = try directory.directory(entry)
            held.append((directory, entry))
            directory = child
            count += 1
            if count % 100 == 0 { most = max(most, openBelow(folder.path)) }
        }
        #expect(count > 2_000)
        // One more: the folder that the test itself holds open.
        #expect(most > 100 && most <= 128 + 1, "\(most)")
        while let (above, entry) = held.popLast() {
            #expect(try above.details(of: entry).attributes.isEmpty)
            directory = above
        }
        #expect(openBelow(folder.path) <= 128 + 1)
    }

    /// Descriptors of this process that lead below a path.
    private func openBelow(_ path: String) -> Int {
        (0..<4_096).count { number in
            var target = [CChar](repeating: 0, count: 8_192)
            let count = readlink("/proc/self/fd/\(number)", &target, target.count)
            return String(decoding: target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                .hasPrefix(path + "/")
        }
    }
}
