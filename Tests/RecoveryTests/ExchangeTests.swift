import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Recovery

@Suite("an exchange")
struct ExchangeTests {
    private static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private static func read(_ path: String) -> String? {
        try? String(contentsOf: URL(filePath: path), encoding: .utf8)
    }

    @Test("goes on from any state that a kill between its renames leaves", arguments: 0...2)
    func whole(finished: Int) throws {
        let folder = try TemporaryFolder("exchange")
        let live = folder.path + "/live"
        let exchange = Exchange(live: live, new: live + ".new", aside: live + ".aside")
        for (path, text) in [(live, "old"), (live + ".new", "new")] {
            mkdir(path, 0o755)
            try ExchangeTests.write(text, path + "/content")
        }
        if finished > 0 { try Exchange.rename(live, exchange.aside) }
        if finished > 1 { try Exchange.rename(live + ".new", live) }
        try exchange.perform()
        try exchange.perform()
        #expect(
            ExchangeTests.read(live + "/content") == "new" && ExchangeTests.read(exchange.aside + "/content") == "old")
        let back = exchange.reversed(id: "1")
        try exchange.undo(back, wasExchanged: true)
        try exchange.undo(back, wasExchanged: true)
        #expect(ExchangeTests.read(live + "/content") == "old" && ExchangeTests.read(back.aside + "/content") == "new")
    }

    @Test("of what is in a mount point moves every entry, from any state in the middle, and back", arguments: 0...4)
    func children(moved: Int) throws {
        let folder = try TemporaryFolder("exchange")
        let live = folder.path
        let exchange = Exchange(
            live: live, new: live + "/.lifeboat-new", aside: live + "/.lifeboat-aside-1", form: .children)
        mkdir(live + "/.lifeboat-new", 0o755)
        for name in ["a", "b"] {
            try ExchangeTests.write("old", live + "/" + name)
            try ExchangeTests.write("new", live + "/.lifeboat-new/" + name)
        }
        var left = moved
        func once(_ body: () throws -> Void) rethrows {
            if left > 0 { try body() }
            left -= 1
        }
        once { mkdir(exchange.aside, 0o700) }
        try once { try Exchange.rename(live + "/a", exchange.aside + "/a") }
        try once {
            try Exchange.rename(live + "/b", exchange.aside + "/b")
            try ExchangeTests.write("", exchange.aside + ".complete")
        }
        try once { try Exchange.rename(live + "/.lifeboat-new/b", live + "/b") }
        try exchange.perform()
        try exchange.perform()
        for name in ["a", "b"] {
            #expect(
                ExchangeTests.read("\(live)/\(name)") == "new"
                    && ExchangeTests.read("\(exchange.aside)/\(name)") == "old")
        }
        let back = exchange.reversed(id: "1")
        try exchange.undo(back, wasExchanged: true)
        for name in ["a", "b"] {
            #expect(
                ExchangeTests.read("\(live)/\(name)") == "old" && ExchangeTests.read("\(back.aside)/\(name)") == "new")
        }
    }

    @Test("where nothing was before puts the new thing there, and the way back takes it away again")
    func nothingBefore() throws {
        let folder = try TemporaryFolder("exchange")
        let live = folder.path + "/live"
        let exchange = Exchange.of(live: live, id: "1")
        try ExchangeTests.write("new", live + ".lifeboat-new")
        try exchange.perform()
        #expect(ExchangeTests.read(live) == "new")
        try exchange.undo(exchange.reversed(id: "1"), wasExchanged: true)
        #expect(!Exchange.exists(live))
    }

    @Test("refuses when the live path was made anew in between, and loses neither")
    func madeAnew() throws {
        let folder = try TemporaryFolder("exchange")
        let live = folder.path + "/live"
        let exchange = Exchange.of(live: live, id: "1")
        for (path, text) in [(live, "stranger"), (live + ".lifeboat-new", "new"), (exchange.aside, "old")] {
            try ExchangeTests.write(text, path)
        }
        let error = #expect(throws: RecoveryError.self) { try exchange.perform() }
        #expect(error?.code == .targetUnusable)
        #expect(ExchangeTests.read(live) == "stranger" && ExchangeTests.read(exchange.aside) == "old")
    }
}
