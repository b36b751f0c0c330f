import Glibc
import TestSupport
import Testing
import Trees

@Suite("a tree copied by way of its nodes")
struct LocalRoundTripTests {
    @Test("is the same in every attribute", arguments: [(1, true), (2, false)] as [(UInt64, Bool)])
    func nasty(seed: UInt64, avoidsOpenBeneath: Bool) throws {
        let folder = try ScratchFolder("nasty")
        mkdir(folder("left"), 0o755)
        try NastyTree.build(at: folder("left"), seed: seed)
        var options = LocalTreeSink.Options()
        options.avoidsOpenBeneath = avoidsOpenBeneath
        var copy = TreeCopy(to: try LocalTreeSink(root: Array(folder("right").utf8), options: options))
        try copy.run(from: folder("left"))
        #expect(copy.failures.isEmpty)
        #expect(copy.warnings.map(\.message) == [])
        let differences = try TreeComparison.differences(folder("left"), folder("right"))
        #expect(differences == [], "seed \(seed)")
    }

    @Test("keeps holes as holes when asked, and is the same")
    func sparse() throws {
        let folder = try ScratchFolder("sparse")
        mkdir(folder("left"), 0o755)
        try NastyTree.build(at: folder("left"), seed: 3)
        var options = LocalTreeSink.Options()
        options.makesSparse = true
        var copy = TreeCopy(to: try LocalTreeSink(root: Array(folder("right").utf8), options: options))
        try copy.run(from: folder("left"))
        let aspects: TreeComparison.Aspects = [.restored, .allocation]
        let differences = try TreeComparison.differences(folder("left"), folder("right"), aspects)
        #expect(differences == [])
    }

    @Test("is the same when it is copied over another tree of the same names")
    func overAnother() throws {
        let folder = try ScratchFolder("over")
        for (name, seed) in [("left", UInt64(4)), ("right", 5)] {
            mkdir(folder(name), 0o755)
            try NastyTree.build(at: folder(name), seed: seed)
        }
        var options = LocalTreeSink.Options()
        options.makesSparse = true
        var copy = TreeCopy(to: try LocalTreeSink(root: Array(folder("right").utf8), options: options))
        try copy.run(from: folder("left"))
        let differences = try TreeComparison.differences(folder("left"), folder("right"))
        let others = differences.filter { !$0.hasPrefix("/\"random\"") && !$0.hasPrefix("/\"special\"/\"socket\"") }
        #expect(others == [])
    }

    @Test("comparison sees every kind of difference")
    func comparison() throws {
        let folder = try ScratchFolder("compare")
        for name in ["left", "right"] {
            let maker = try TreeMaker(folder.path).directory(name)
            for file in ["content", "mode", "time", "owner", "attribute", "size", "link"] { try maker.file(file, "1") }
            try maker.file("linked", "1")
            try maker.symlink("symlink", to: name)
        }
        let right = try TreeMaker(folder("right"))
        let left = try TreeMaker(folder("left"))
        try left.file("only", "")
        try right.file("kind", "")
        try left.directory("kind")
        try right.mode("mode", 0o4644)
        try right.own("owner", user: 5, group: 6)
        try right.attribute("attribute", "user.x", [1])
        for name in try left.folder.names() {
            for maker in [left, right] where name != Array("only".utf8) {
                try maker.times(
                    name, seconds: 1, nanoseconds: name == Array("time".utf8) && maker.folder === right.folder ? 1 : 0)
            }
        }
        unlink(folder("right/content"))
        unlink(folder("right/size"))
        unlink(folder("right/link"))
        try right.file("content", "2")
        try right.file("size", "22")
        try right.link("link", to: "linked")
        let differences = try TreeComparison.differences(folder("left"), folder("right"))
        let expected = [
            "content\": content", "mode\": mode", "time\": time", "owner\": owner", "attribute\": attributes",
        ]
        for text in expected + [
            "size\": size", "linked\": is linked", "symlink\": link target", "only\": only", "kind\": kind",
        ] {
            #expect(differences.contains { $0.contains(text) }, "\(text)")
        }
    }
}
