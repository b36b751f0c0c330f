import FoundationEssentials
import Glibc
import Runbooks
import TestSupport
import Testing

@testable import Drills

@Suite("The fence of a drill")
struct FenceTests {
    static let port = CanaryPort(.tcp, 53)
    static let listening = CanaryRecord.listening(at: 1, process: 7, word: "w")

    static func own(_ at: Double, _ outcome: FenceTry.Outcome = .reached) -> FenceTry {
        FenceTry(at: at, host: "canary", port: port, outcome: outcome, detail: "tcp/53: refused")
    }

    static func host(_ at: Double, _ outcome: FenceTry.Outcome = .closed, _ name: String = "app1") -> FenceTry {
        FenceTry(at: at, host: name, port: port, outcome: outcome, detail: "there is no bash")
    }

    static func heard(by: String? = nil) -> CanaryRecord {
        .heard(at: 5, wall: 9, port: port, from: "10.99.0.11:4711", byteCount: 12, by: by)
    }

    static let held = [host(2), own(2), host(8), own(8)]

    @Test("silence from inside and an answer from outside, at the beginning and at the end, prove it")
    func holds() {
        let finding = FenceFinding(heard: [Self.listening], tries: Self.held, hosts: ["app1"], isEnd: true)
        #expect(finding.failure == nil, "\(finding)")
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var heard = [FenceTests.listening]
        var tries = FenceTests.held
        var hosts = ["app1"]
        var isBreach = false
        var words: String
    }

    @Test("whatever is heard, and whatever makes silence worthless, is told", arguments: cases)
    func fails(one: Case) throws {
        let finding = FenceFinding(heard: one.heard, tries: one.tries, hosts: one.hosts, isEnd: true)
        let failure = try #require(finding.failure)
        #expect(failure.hasPrefix("unproven: ") == !one.isBreach, "\(failure)")
        #expect(failure.contains(one.words), "\(failure)")
    }

    static let cases: [Case] = [
        Case(
            testDescription: "an application phones out", heard: [listening, heard()], isBreach: true,
            words: "first 12 bytes from 10.99.0.11:4711 at tcp/53"),
        Case(
            testDescription: "a host's own datagram arrives", heard: [listening, heard(by: "app1")], isBreach: true,
            words: "app1, which tried for us"),
        Case(
            testDescription: "a host connects", tries: [host(2, .reached), own(2), host(8), own(8)], isBreach: true,
            words: "app1 can connect"),
        Case(testDescription: "no canary", heard: [], words: "no canary listened"),
        Case(
            testDescription: "a canary that was started twice", heard: [listening, listening],
            words: "started 2 times"),
        Case(
            testDescription: "a deaf canary", tries: [host(2), own(2), host(8), own(8, .closed)],
            words: "could not be heard from its own side"),
        Case(testDescription: "nobody asked at the end", tries: [host(2), own(2)], words: "at the end"),
        Case(
            testDescription: "a host without the means", tries: [host(2, .untried), own(2), host(8), own(8)],
            words: "nobody could try from app1: there is no bash"),
        Case(
            testDescription: "a host that was left out", hosts: ["app1", "media1"],
            words: "nobody tried from media1"),
        Case(testDescription: "no hosts", hosts: [], words: "no host to try from"),
    ]

    @Test("a breach weighs more than a doubt")
    func order() throws {
        let finding = FenceFinding(heard: [Self.heard()], tries: [], hosts: [], isEnd: true)
        #expect(!finding.doubts.isEmpty)
        #expect(try #require(finding.failure).hasPrefix("the canary heard 1 time"))
    }

    @Test("what the canary heard turns a drill that stopped early, or that had looked already")
    func afterwards() throws {
        let logs = try PretendLogs()
        for isExamined in [true, false] {
            var records = logs.records
            if !isExamined { records.removeAll { if case .proven("fence", _) = $0.event { true } else { false } } }
            let reasons = VerdictReasons(
                records: records, truths: logs.truths, scenario: logs.scenario, measures: logs.measures,
                canary: [Self.listening, Self.heard()]
            ).all
            #expect(reasons.contains { $0.code == "fence" && $0.verdict == .fail }, "\(reasons)")
            #expect(!reasons.contains { $0.code == "fence_unproven" })
        }
    }

    @Test("a real canary hears connections and datagrams, knows its own side, and keeps no content")
    func canary() async throws {
        let place = try TemporaryFolder("fence")
        do {
            let path = place.path
            let folder = DrillFolder(path)
            let number = try Self.freePort()
            let environment = try environment("canary: {address: 127.0.0.1, ports: [\(number)]}")
            let log = LineLog<CanaryRecord>(folder.canary)
            let task = Task { try await Canary(in: folder, address: "127.0.0.1", ports: [number]).run() }
            let canary = try #require(environment.canary)
            let reach = EnvironmentReach(environment, variables: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
            let tries = FenceTries(
                environment: environment, place: canary, reach: reach, folder: folder, clock: .system)
            try await tries.round()
            task.cancel()
            try await task.value

            let written = try LineLog<FenceTry>(folder.fence).read()
            #expect(written.filter { $0.host == "canary" }.map(\.outcome) == [.reached, .reached], "\(written)")
            #expect(written.filter { $0.host == "app1" }.map(\.outcome) == [.reached, .sent], "\(written)")
            let heard = try log.read().compactMap { record in
                if case .heard(_, _, let port, _, let byteCount, let by) = record { (port, byteCount, by) } else { nil }
            }
            #expect(Set(heard.map(\.0.means)) == [.tcp, .udp], "\(heard)")
            #expect(heard.allSatisfy { $0.2 == "app1" && $0.1 == "lifeboat fence app1\n".utf8.count }, "\(heard)")
            let finding = FenceFinding(heard: try log.read(), tries: written, hosts: ["app1"], isEnd: false)
            #expect(finding.doubts.isEmpty && finding.breaches.count == 2, "\(finding)")
        }
    }

    @Test("a canary that is not there is no silence")
    func dead() async throws {
        let place = try TemporaryFolder("fence")
        do {
            let path = place.path
            let folder = DrillFolder(path)
            let number = try Self.freePort()
            let environment = try environment("canary: {address: 127.0.0.1, ports: [\(number)]}")
            try LineLog<CanaryRecord>(folder.canary).append(Self.listening)
            let reach = EnvironmentReach(environment, variables: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
            let tries = FenceTries(
                environment: environment, place: try #require(environment.canary), reach: reach, folder: folder,
                clock: .system)
            try await tries.round()
            let written = try LineLog<FenceTry>(folder.fence).read()
            #expect(written.filter { $0.host == "app1" }.map(\.outcome) == [.closed, .sent], "\(written)")
            let finding = FenceFinding(heard: [Self.listening], tries: written, hosts: ["app1"], isEnd: false)
            #expect(finding.failure?.contains("could not be heard from its own side") == true, "\(finding)")
        }
    }

    @Test(
        "where nothing can be fenced it is not proven, and nothing is tried",
        arguments: ["", "canary: {address: 127.0.0.1}"])
    func local(canary: String) async throws {
        let place = try TemporaryFolder("fence")
        do {
            let path = place.path
            let environment = try environment(canary)
            let fence = CanaryFence(
                environment, in: DrillFolder(path), reach: EnvironmentReach(environment, variables: [:]),
                program: "/nonexistent", variables: [:])
            let proofs = try await fence.prepare().proofs
            #expect(proofs.count == 1 && proofs[0].failure?.hasPrefix("unproven: ") == true, "\(proofs)")
            #expect(await fence.examine().first?.failure?.hasPrefix("unproven: ") == true)
        }
    }

    @Test(
        "a preparation that does not hold ends the drill before anything breaks; staging is cleared only where it was changed"
    )
    func machine() throws {
        let runbook = try PretendDrill.runbook()
        for changes in [true, false] {
            var machine = DrillMachine(runbook, minimumBeatCount: 1, preparations: ["fence", "data"])
            machine.apply(.began(PretendDrill.beginning))
            #expect(machine.next == .prove)
            machine.apply(.guarded(failure: nil))
            #expect(machine.next == .prepare("fence"))
            machine.apply(.prepared(what: "fence", failure: nil))
            #expect(machine.isPrepared("fence") && machine.next == .prepare("data"))
            if changes { machine.apply(.preparing(what: "data")) }
            var whole = machine
            whole.apply(.prepared(what: "data", failure: nil))
            #expect(whole.next == .observe)
            machine.apply(.prepared(what: "data", failure: "somebody is still to be seen"))
            #expect(machine.next == (changes ? .clear : .conclude))
        }
    }

    /// One that is free for connections and datagrams, as far as anybody can know.
    private static func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let number = UInt16.random(in: 20_000...32_000)
            if (try? CanarySockets("127.0.0.1", [number])) != nil { return number }
        }
        throw DrillError(.helperFailed, "no port is free", subject: "127.0.0.1")
    }

    private func environment(_ canary: String) throws -> DrillEnvironment {
        try DrillEnvironment(
            text: "environment: t\ndriver: local\nhosts:\n  app1: {}\nup: x\ndown: x\nclear: x\n\(canary)\n",
            file: "t.yaml")
    }
}
