import Glibc
import TestSupport
import Testing
import Trees

@Suite("files and metadata of the local sink")
struct SinkFileTests {
    private let folder: ScratchFolder
    private let sink: LocalTreeSink
    private let target: TreeMaker

    init() throws {
        folder = try ScratchFolder("sinkfile")
        sink = try LocalTreeSink(root: Array(folder.path.utf8))
        target = try TreeMaker(folder.path)
    }

    private func status(_ path: String) throws -> stat {
        try target.folder.status(Array(path.utf8))
    }

    private func read(_ file: any TreeSinkFile, _ byteCount: Int, at offset: UInt64 = 0) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 7, count: byteCount)
        let count = try buffer.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
        return Array(buffer.prefix(count))
    }

    private func node(_ kind: NodeKind = .file, permissions: UInt32 = 0o640, attributes: [ExtendedAttribute] = [])
        -> Node
    {
        let time = Timestamp(seconds: -5, nanoseconds: 999_999_999)
        var node = Node(
            name: [0x78],
            metadata: Metadata(
                kind: kind, permissions: permissions, modified: time, userID: geteuid() == 0 ? 1_234 : geteuid(),
                groupID: geteuid() == 0 ? 5_678 : getegid()))
        node.details.attributes = attributes
        return node
    }

    @Test("a small file that is written at once keeps its holes, at its end too", arguments: [0, 1])
    func smallSparse(tail: UInt8) throws {
        var bytes = [UInt8](repeating: 0, count: 300_000)
        bytes[150_000] = 1
        bytes[299_999] = tail
        _ = try sink.writeFile("s".path, bytes, node())
        let status = try status("s")
        #expect(status.st_size == 300_000)
        #expect(status.st_blocks * 512 <= 16_384, "at most the blocks that hold something")
        let file = try #require(try sink.openExisting("s".path))
        #expect(try read(file, 300_001) == bytes)
    }

    @Test("a file may be written in any order, read back, cut off and extended")
    func anyOrder() throws {
        let file = try sink.openFile("f".path, byteCount: 5_000_000, isSparse: false)
        #expect(file.isNew)
        #expect(try status("f").st_blocks * 512 >= 5_000_000, "space is reserved")
        #expect(try status("f").st_mode & 0o7777 == 0o600)
        let bytes = [UInt8](repeating: 0x61, count: 10_000)
        try bytes.withUnsafeBytes { try file.write($0, at: 20_000) }
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        #expect(try read(file, 50_000).count == 30_000)
        #expect(try read(file, 3, at: 9_999) == [0x61, 0, 0])
        #expect(try read(file, 10, at: 30_000) == [])
        try file.setByteCount(9_000)
        #expect(try read(file, 50_000) == Array(bytes.prefix(9_000)))
        try file.setByteCount(9_002)
        #expect(try read(file, 10, at: 8_999) == [0x61, 0, 0])
        try file.close()
        try file.close()
    }

    @Test("an existing file is opened as it is, for its owner alone, and only what differs need be written")
    func inPlace() throws {
        try target.file("f", String(repeating: "0", count: 20_000), mode: 0o666)
        let inode = try status("f").st_ino
        let file = try sink.openFile("f".path, byteCount: 20_000, isSparse: false)
        #expect(!file.isNew)
        #expect(file.existingByteCount == 20_000)
        #expect(try status("f").st_mode & 0o7777 == 0o600)
        try [UInt8(0x31)].withUnsafeBytes { try file.write($0, at: 10_000) }
        #expect(try read(file, 3, at: 9_999) == [0x30, 0x31, 0x30])
        var whole = node()
        whole.metadata.byteCount = 15_000
        #expect(try file.finish(whole).isEmpty)
        #expect(try status("f").st_size == 15_000)
        #expect(try status("f").st_ino == inode)
        #expect(try status("f").st_mode & 0o7777 == 0o640)
    }

    @Test("a file opened to look at is left as it is, and what is no file is not opened")
    func lookingAt() throws {
        try target.file("f", "content", mode: 0o444)
        try target.link("g", to: "f")
        try target.symlink("s", to: "f")
        try target.directory("d")
        try target.special("p", kind: S_IFIFO)
        for name in ["s", "d", "p", "none", "none/x", "s/x"] { #expect(try sink.openExisting(name.path) == nil) }
        let file = try #require(try sink.openExisting("f".path))
        #expect(!file.isNew)
        #expect(try read(file, 10) == Array("content".utf8))
        #expect(throws: TreeError.self) { try file.write([1], at: 0) }
        #expect(try status("f").st_mode & 0o7777 == 0o444)
        #expect(try status("f").st_nlink == 2)
    }

    @Test("a file with a second name is not written in place")
    func notInPlace() throws {
        try target.file("f", "shared")
        try target.link("g", to: "f")
        let file = try sink.openFile("f".path, byteCount: 1, isSparse: false)
        #expect(file.isNew)
        #expect(try status("g").st_size == 6)
        #expect(try status("g").st_nlink == 1)
    }

    @Test("offsets no file can have are errors, not crashes")
    func hugeOffsets() throws {
        let file = try sink.openFile("f".path, byteCount: 0, isSparse: false)
        for offset: UInt64 in [.max, .max - 1, 1 << 63, (1 << 63) - 1] {
            let codes = [TreeError.Code.unsupported, .failed]
            [UInt8](repeating: 1, count: 9).withUnsafeBytes { bytes in
                let plain = #expect(throws: TreeError.self) { try file.write(bytes, at: offset) }
                let sparse = #expect(throws: TreeError.self) { try file.writeSparse(bytes, at: offset) }
                #expect(plain.map { codes.contains($0.code) } == true)
                #expect(sparse.map { codes.contains($0.code) } == true)
            }
            if offset >= 1 << 63 { #expect(throws: TreeError.self) { try file.setByteCount(offset) } }
        }
        let huge = #expect(throws: TreeError.self) { try sink.openFile("g".path, byteCount: 1 << 60, isSparse: false) }
        #expect(huge.map { [.noSpace, .unsupported].contains($0.code) } == true)
    }

    @Test("sparse writing leaves the right bytes and holes", arguments: [21, 22, 23], [true, false])
    func sparse(seed: UInt64, isNew: Bool) throws {
        var generator = SeededGenerator(seed: seed)
        let total = 1_000_003
        var expected = [UInt8](repeating: 0, count: total)
        for _ in 0..<4 {
            let start = Int.random(in: 0..<total - 20_000, using: &generator)
            for (index, byte) in generator.bytes(.random(in: 1...20_000, using: &generator)).enumerated() {
                expected[start + index] = byte | 1
            }
        }
        if !isNew { try target.file(Array("f".utf8), [UInt8](repeating: 9, count: 600_000)) }
        var options = LocalTreeSink.Options()
        options.makesSparse = true
        let sink = try LocalTreeSink(root: Array(folder.path.utf8), options: options)
        let file = try sink.openFile("f".path, byteCount: UInt64(total))
        #expect(file.isNew == isNew)
        var offset = 0
        while offset < total {
            let count = min(total - offset, Int.random(in: 1...200_000, using: &generator))
            try file.write(Array(expected[offset..<offset + count]), at: UInt64(offset))
            offset += count
        }
        var whole = node()
        whole.metadata.byteCount = UInt64(total)
        #expect(try file.finish(whole).isEmpty)
        let result = try read(try #require(try sink.openExisting("f".path)), total + 1)
        #expect(result == expected, "seed \(seed)")
        try sink.synchronize()
        // At most 80 KB of data; a block at each border, and the blocks that pieces of an existing file share.
        #expect(try status("f").st_blocks * 512 < 300_000, "seed \(seed)")
    }

    @Test("small files are written whole with their metadata, special bits and attributes")
    func smallFiles() throws {
        let attributes = [ExtendedAttribute(name: Array("user.x".utf8), value: [0, 1])]
        let one = node(permissions: 0o6755, attributes: attributes)
        let warnings = try [UInt8]("content".utf8).withUnsafeBytes { try sink.writeFile("f".path, $0, node: one) }
        #expect(warnings.isEmpty)
        let found = try status("f")
        #expect(found.st_mode & 0o7777 == 0o6755)
        #expect(found.st_uid == one.metadata.userID && found.st_gid == one.metadata.groupID)
        #expect([found.st_mtim.tv_sec, found.st_mtim.tv_nsec] == [-5, 999_999_999])
        #expect(try sink.existing("f".path)?.modified == one.metadata.modified)
        #expect(
            try [UInt8]().withUnsafeBytes { try sink.writeFile("empty".path, $0, node: node(permissions: 0)) }.isEmpty)
        #expect(try status("empty").st_mode & 0o7777 == 0)
    }

    @Test("attributes that the node does not have are removed, also what a folder's default ACL gave")
    func otherAttributes() throws {
        try sink.makeDirectory("d".path)
        let list = ACLBytes.make(owner: 7, user: (1_001, 7), group: 7, mask: 7, other: 7)
        try target.attribute("d", "system.posix_acl_default", list)
        try target.attribute("d", "user.old", [1])
        #expect(try [UInt8]().withUnsafeBytes { try sink.writeFile("d/small".path, $0, node: node()) }.isEmpty)
        let file = try sink.openFile("d/large".path, byteCount: 0, isSparse: false)
        #expect(try file.finish(node()).isEmpty)
        try sink.makeDirectory("d/below".path)
        #expect(try sink.finish("d/below".path, node(.directory)).isEmpty)
        #expect(try sink.finish("d".path, node(.directory, permissions: 0o1750)).isEmpty)
        for path in ["d", "d/small", "d/large", "d/below"] {
            let names = path.path.dropLast().isEmpty ? target.folder : try OpenFolder(folder("d"))
            #expect(try names.attributeNames(path.path.last ?? []).filter { $0 != "security.selinux" } == [], "\(path)")
        }
        #expect(try status("d").st_mode & 0o7777 == 0o1750)
    }

    @Test("what cannot be set is a warning with path and reason, and the rest is set")
    func warnings() throws {
        try sink.makeSymlink("l".path, target: [0x61])
        let bad = [ExtendedAttribute(name: Array("user.x".utf8), value: [1]), ExtendedAttribute(name: [], value: [])]
        let warnings = try sink.finish("l".path, node(.symlink, attributes: bad))
        #expect(warnings.map(\.subject) == [folder("l"), folder("l")])
        #expect(warnings.first?.message.hasPrefix("cannot set the attribute user.x: ") == true)
        #expect(warnings.last?.code == .unsafeName)
        #expect(try status("l").st_mtim.tv_nsec == 999_999_999)
        try target.file("f")
        let unknown = [ExtendedAttribute(name: Array("nonsense".utf8), value: [1])]
        #expect(try sink.finish("f".path, node(attributes: unknown)).map(\.code) == [.unsupported])
    }

    @Test("unknown times are left alone, and times far away are not errors")
    func oddTimes() throws {
        try target.file("f")
        try target.times(Array("f".utf8), seconds: 77, nanoseconds: 7)
        var one = node()
        one.metadata.modified = .unknown
        one.metadata.accessed = .unknown
        #expect(try sink.finish("f".path, one).isEmpty)
        #expect(try status("f").st_mtim.tv_sec == 77)
        one.metadata.modified = Timestamp(seconds: .max)
        #expect(try sink.finish("f".path, one).isEmpty)
        one.metadata.modified = Timestamp(seconds: .min)
        #expect(try sink.finish("f".path, one).isEmpty)
    }

    @Test("finishing something of another kind is refused", arguments: NodeKind.allCases)
    func wrongKind(kind: NodeKind) throws {
        try target.symlink("s", to: "elsewhere")
        try target.special("p", kind: S_IFIFO)
        let path = kind == .symlink ? "p" : "s"
        #expect(#expect(throws: TreeError.self) { try sink.finish(path.path, node(kind)) }?.code == .obstructed)
        #expect(#expect(throws: TreeError.self) { try sink.finish("gone".path, node(kind)) }?.code == .notFound)
    }

    @Test("links without a target, or to nothing, are refused")
    func badLinks() throws {
        #expect(#expect(throws: TreeError.self) { try sink.makeSymlink("l".path, target: []) }?.code == .unsupported)
        #expect(
            #expect(throws: TreeError.self) { try sink.makeSymlink("l".path, target: [0x61, 0]) }?.code == .unsupported)
        #expect(#expect(throws: TreeError.self) { try sink.makeHardLink("l".path, to: "no".path) }?.code == .notFound)
        try target.directory("d")
        #expect(#expect(throws: TreeError.self) { try sink.makeHardLink("l".path, to: "d".path) }?.code == .obstructed)
        try target.file("f", "x")
        try sink.makeHardLink("f".path, to: "f".path)
        try sink.makeHardLink("g".path, to: "f".path)
        try sink.makeHardLink("g".path, to: "f".path)
        #expect(try status("f").st_nlink == 2)
    }

    @Test("several threads fill the same tree")
    func threads() async throws {
        for index in 0..<8 { try sink.makeDirectory("d\(index)".path) }
        let sink = sink
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<4 {
                group.addTask {
                    (0..<300).count { index in
                        let path = "d\(index % 8)/f\(task)-\(index)".path
                        let node = Node(
                            name: [0x66],
                            metadata: Metadata(kind: .file, permissions: 0o600, modified: Timestamp(seconds: 1)))
                        let result = try? path.description.utf8.map { $0 }.withUnsafeBytes {
                            try sink.writeFile(path, $0, node: node)
                        }
                        return result?.isEmpty == true
                    }
                }
            }
            for await count in group { #expect(count == 300) }
        }
        #expect(try (0..<8).map { try sink.list("d\($0)".path).count }.reduce(0, +) == 1_200)
    }
}
