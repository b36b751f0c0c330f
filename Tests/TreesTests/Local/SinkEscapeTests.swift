import Glibc
import Synchronization
import TestSupport
import Testing
import Trees

@Suite("nobody leads the local sink out of its root")
struct SinkEscapeTests {
    private let folder: ScratchFolder
    private let target: TreeMaker

    init() throws {
        folder = try ScratchFolder("escape")
        target = try TreeMaker(folder.path).directory("new").directory("target")
    }

    private func bytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Array(text.utf8).withUnsafeBytes { try body($0) }
    }

    private func node() -> Node {
        let time = Timestamp(seconds: 1_000_000_000)
        return Node(
            name: [0x78],
            metadata: Metadata(
                kind: .file, permissions: 0o640, modified: time, userID: geteuid(), groupID: getegid()))
    }

    @Test("a symlink anywhere on the way stops every call", arguments: [false, true], ["", "d/", "d/e/"])
    func plantedLinks(avoidsOpenBeneath: Bool, above: String) throws {
        var options = LocalTreeSink.Options()
        options.avoidsOpenBeneath = avoidsOpenBeneath
        let sink = try LocalTreeSink(root: Array(folder("new/target").utf8), options: options)
        let outside = try TreeMaker(folder.path).directory("outside")
        try outside.directory("sub").file("canary", "untouched")
        try target.directory("d").directory("e")
        for (index, destination) in [folder("outside"), "../../../../../outside", "..", "/"].enumerated() {
            try TreeMaker(folder("new/target/" + above)).symlink("link\(index)", to: destination)
            for below in ["\(above)link\(index)/x", "\(above)link\(index)/sub/x", "\(above)link\(index)/sub/canary"] {
                let path = below.path
                let calls: [() throws -> Void] = [
                    { try sink.makeDirectory(path) }, { _ = try sink.openFile(path, byteCount: 1, isSparse: false) },
                    { try sink.makeFIFO(path) },
                    { _ = try bytes("x") { try sink.writeFile(path, $0, node: node()) } },
                    { try sink.makeSymlink(path, target: [0x61]) },
                    { try sink.remove(path, recursively: true) }, { _ = try sink.finish(path, node()) },
                    { _ = try sink.list(path.dropLast()) }, { try sink.makeHardLink("stolen".path, to: path) },
                ]
                for call in calls { #expect(#expect(throws: TreeError.self) { try call() }?.code == .obstructed) }
                #expect(try sink.existing(path) == nil)
            }
        }
        #expect(try outside.folder.names() == [Array("sub".utf8)])
        let canary = try OpenFolder(folder("outside/sub")).status(Array("canary".utf8))
        #expect(canary.st_size == 9 && canary.st_mode & 0o7777 == 0o644 && canary.st_nlink == 1)
        #expect(try OpenFolder(folder("outside/sub")).names().count == 1)
    }

    @Test("a folder that is swapped for a symlink again and again leads nobody out", arguments: [false, true])
    func race(avoidsOpenBeneath: Bool) throws {
        var options = LocalTreeSink.Options()
        options.avoidsOpenBeneath = avoidsOpenBeneath
        let outside = try TreeMaker(folder.path).directory("outside")
        try outside.directory("e")
        try target.directory("d").directory("e")
        try target.symlink("evil", to: folder("outside"))
        let root = folder("new/target")
        let swapper = Swapper(root + "/d", root + "/evil")
        var made = 0
        var refused = 0
        for index in 0..<2_000 {
            // A fresh sink has no directory open, so every time the way is walked again.
            let sink = try LocalTreeSink(root: Array(root.utf8), options: options)
            do throws(TreeError) {
                let file = try sink.openFile("d/e/f\(index)".path, byteCount: 1, isSparse: false)
                #expect(try file.finish(node()).isEmpty)
                try sink.makeSymlink("d/e/l\(index)".path, target: [0x61])
                made += 1
            } catch {
                #expect(error.code == .obstructed || error.code == .notFound)
                refused += 1
            }
        }
        swapper.stop()
        #expect(try OpenFolder(folder("outside/e")).names() == [])
        #expect(try OpenFolder(folder("outside")).names() == [[0x65]])
        #expect(made > 0 && refused > 0, "\(made) made, \(refused) refused")
    }
}

/// Exchanges two names on a thread of its own until it is stopped.
private final class Swapper: Sendable {
    private let isStopped = Atomic(false)
    private let isDone = Atomic(false)
    private let one: String
    private let other: String

    init(_ one: String, _ other: String) {
        (self.one, self.other) = (one, other)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let swapper = Unmanaged<Swapper>.fromOpaque(argument).takeRetainedValue()
                while !swapper.isStopped.load(ordering: .relaxed) { swapper.swap() }
                swapper.isDone.store(true, ordering: .releasing)
                return nil
            }, argument)
        precondition(status == 0, "a thread could not be started")
        pthread_detach(thread)
    }

    /// In three renames, so that the name is also missing at times.
    private func swap() {
        _ = rename(one, one + "-aside") == 0 && rename(other, one) == 0 && rename(one + "-aside", other) == 0
    }

    /// Waits for the last exchange.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        while !isDone.load(ordering: .acquiring) { sched_yield() }
    }
}
