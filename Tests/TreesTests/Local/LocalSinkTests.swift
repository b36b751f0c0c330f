import Glibc
import TestSupport
import Testing
import Trees

@Suite("local sink")
struct LocalSinkTests {
    private let folder: ScratchFolder
    private let sink: LocalTreeSink
    private let target: TreeMaker

    init() throws {
        folder = try ScratchFolder("sink")
        sink = try LocalTreeSink(root: Array(folder("new/target").utf8))
        target = try TreeMaker(folder("new/target"))
    }

    private func bytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Array(text.utf8).withUnsafeBytes { try body($0) }
    }

    private func node(
        _ kind: NodeKind = .file, permissions: UInt32 = 0o640, seconds: Int64 = 1_000_000_000,
        attributes: [ExtendedAttribute] = []
    ) -> Node {
        var node = Node(
            name: [0x78],
            metadata: Metadata(
                kind: kind, permissions: permissions, modified: Timestamp(seconds: seconds, nanoseconds: 123_456_789),
                userID: geteuid() == 0 ? 1_234 : geteuid(), groupID: geteuid() == 0 ? 5_678 : getegid(), byteCount: 3))
        node.details.attributes = attributes
        return node
    }

    private func content(_ path: String) throws -> String {
        let file = open(folder("new/target/" + path), O_RDONLY)
        guard file >= 0 else { throw SystemError("open \(path)") }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 100_000)
        let count = read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    private func status(_ path: String) throws -> stat {
        var status = stat()
        guard lstat(folder("new/target/" + path), &status) == 0 else { throw SystemError("lstat \(path)") }
        return status
    }

    @Test("the target is made with all above it, and what exists is told")
    func making() throws {
        #expect(try sink.existing("a".path) == nil)
        #expect(try sink.existing("a/b/c".path) == nil)
        for path in ["a".path, "a".path, []] { try sink.makeDirectory(path) }
        #expect(try status("a").st_mode & 0o7777 == 0o700)
        #expect(try sink.existing("a".path)?.kind == .directory)
        #expect(#expect(throws: TreeError.self) { try sink.makeDirectory("x/y".path) }?.code == .notFound)
        for name in ["b", "c", "B"] { try sink.makeFIFO("a/\(name)".path) }
        #expect(try sink.list("a".path) == ["B", "b", "c"].map { Array($0.utf8) })
        #expect(try sink.list([]) == [[0x61]])
        try sink.synchronize()
    }

    @Test(
        "unsafe names are refused by every call and nothing is touched",
        arguments: [[], [0x2E], [0x2E, 0x2E], [0x61, 0x2F, 0x62], [0x2F], [0x61, 0]] as [[UInt8]], [0, 1, 2])
    func unsafeNames(name: [UInt8], place: Int) throws {
        try target.directory("d")
        var path: [[UInt8]] = [[0x64], [0x64], [0x64]]
        path[place] = name
        let calls: [() throws -> Void] = [
            { _ = try sink.existing(path) }, { try sink.makeDirectory(path) },
            { _ = try sink.openFile(path, byteCount: 1, isSparse: false) },
            { _ = try bytes("x") { try sink.writeFile(path, $0, node: node()) } },
            { try sink.makeSymlink(path, target: [0x61]) },
            { try sink.makeHardLink(path, to: [[0x64]]) }, { try sink.makeHardLink([[0x65]], to: path) },
            { try sink.makeFIFO(path) },
            { try sink.makeDevice(path, kind: .characterDevice, device: 259) },
            { try sink.remove(path, recursively: true) },
            { _ = try sink.list(path) }, { _ = try sink.finish(path, node()) },
        ]
        for (index, call) in calls.enumerated() {
            #expect(#expect(throws: TreeError.self) { try call() }?.code == .unsafeName, "call \(index)")
        }
        #expect(#expect(throws: TreeError.self) { try sink.remove([], recursively: true) }?.code == .unsafeName)
        #expect(try target.folder.names() == [[0x64]])
    }

    enum Obstacle: String, CaseIterable {
        case file, linkedFile, symlinkToFile, symlinkToFolder, danglingLink, fifo, emptyFolder, fullFolder
    }

    private func put(_ obstacle: Obstacle, _ name: String) throws {
        let outside = try TreeMaker(folder.path)
        if mkdir(folder("outside"), 0o755) == 0 { try outside.file("canary", "untouched") }
        switch obstacle {
        case .file: try target.file(name, "a longer old content")
        case .linkedFile: try target.link(name, to: "canary", in: outside)
        case .symlinkToFile: try target.symlink(name, to: folder("canary"))
        case .symlinkToFolder: try target.symlink(name, to: folder("outside"))
        case .danglingLink: try target.symlink(name, to: folder("outside/made"))
        case .fifo: try target.special(name, kind: S_IFIFO)
        case .emptyFolder: try target.directory(name)
        case .fullFolder: try target.directory(name).directory("sub").file("x", "precious")
        }
    }

    private func expectOutsideUntouched() throws {
        #expect(try OpenFolder(folder("outside")).names() == [])
        #expect(try content("../../canary") == "untouched")
        var status = stat()
        lstat(folder("canary"), &status)
        #expect(status.st_mode & 0o7777 == 0o644)
        #expect(status.st_uid == geteuid())
    }

    @Test("whatever stands in the way is replaced, never followed", arguments: Obstacle.allCases, 0..<7)
    func replacing(obstacle: Obstacle, call: Int) throws {
        try put(obstacle, "n")
        try target.file("original", "original")
        let path = "n".path
        let make: () throws -> Void = {
            switch call {
            case 0: _ = try bytes("new") { try sink.writeFile(path, $0, node: node()) }
            case 1:
                let file = try sink.openFile(path, byteCount: 3, isSparse: false)
                #expect(file.isNew == (obstacle != .file))
                try bytes("new") { try file.write($0, at: 0) }
                try file.setByteCount(3)
                #expect(try file.finish(node()).isEmpty)
                try file.close()
            case 2: try sink.makeSymlink(path, target: Array("new".utf8))
            case 3: try sink.makeHardLink(path, to: "original".path)
            case 4: try sink.makeFIFO(path)
            case 5:
                if geteuid() == 0 {
                    try sink.makeDevice(path, kind: .characterDevice, device: 259)
                } else {
                    try sink.makeFIFO(path)
                }
            default: try sink.makeDirectory(path)
            }
        }
        if obstacle == .fullFolder, call < 6 {
            let error = #expect(throws: TreeError.self) { try make() }
            #expect(error?.code == .obstructed)
            #expect(error?.hint.isEmpty == false)
            #expect(try content("n/sub/x") == "precious")
            return
        }
        try make()
        let kinds = [S_IFREG, S_IFREG, S_IFLNK, S_IFREG, S_IFIFO, geteuid() == 0 ? S_IFCHR : S_IFIFO, S_IFDIR]
        #expect(try status("n").st_mode & S_IFMT == kinds[call])
        if call < 2 { #expect(try content("n") == "new") }
        if call == 3 { #expect(try content("n") == "original") }
        try expectOutsideUntouched()
    }

    @Test("a full folder goes when that is allowed, and only it", arguments: 0..<3)
    func replacingFolders(call: Int) throws {
        try put(.fullFolder, "n")
        try TreeMaker(folder("new/target/n/sub")).symlink("out", to: folder("outside"))
        try TreeMaker(folder("outside")).file("stays", "")
        var options = LocalTreeSink.Options()
        options.replacesDirectories = true
        let sink = try LocalTreeSink(root: Array(folder("new/target").utf8), options: options)
        _ = try sink.existing("n/sub/x".path)
        switch call {
        case 0: _ = try bytes("new") { try sink.writeFile("n".path, $0, node: node()) }
        case 1: _ = try sink.openFile("n".path, byteCount: 3, isSparse: false)
        default: try sink.makeSymlink("n".path, target: [0x61])
        }
        #expect(try status("n").st_mode & S_IFMT == (call == 2 ? S_IFLNK : S_IFREG))
        #expect(try OpenFolder(folder("outside")).names() == [Array("stays".utf8)])
        #expect(try sink.existing("n/sub/x".path) == nil)
    }

    @Test("removing looks through nothing and goes to any depth")
    func removing() throws {
        let outside = try TreeMaker(folder.path).directory("outside")
        try outside.file("canary", "untouched")
        var deep = try target.directory("d")
        for _ in 0..<1_500 { deep = try deep.directory("deeper-and-deeper") }
        try deep.symlink("out", to: folder("outside"))
        let wide = try target.directory("w")
        for index in 0..<50 { try wide.directory("\(index)").file("f") }
        try wide.directory("locked", mode: 0).file("x")
        try target.symlink("link", to: folder("outside"))
        #expect(#expect(throws: TreeError.self) { try sink.remove("w".path, recursively: false) }?.code == .obstructed)
        for name in ["d", "w", "link"] { #expect(try sink.remove(name.path, recursively: true)) }
        #expect(try !sink.remove("d".path, recursively: true))
        #expect(try target.folder.names() == [])
        #expect(try outside.folder.names().count == 1)
    }
}
