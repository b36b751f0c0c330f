import Drills
import FoundationEssentials
import Glibc
import Runbooks
import TestSupport
import Testing

@Suite("The observer as a process")
struct ObserverProcessTests {
    /// A drill's folder beside a real small service, and whatever controls its observer.
    private struct Place: Sendable {
        let service: PretendService
        let folder: DrillFolder

        func control() -> ProcessObserver {
            let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
            return ProcessObserver(program: Program.path, folder: folder, variables: ["PATH": path])
        }

        func records() throws -> [ObserverRecord] { try LineLog(folder.observer).read() }

        func acknowledged() throws -> [Int] {
            try records().compactMap { if case .acknowledged(let number, _) = $0 { number } else { nil } }
        }

        /// Waits until `isSo`.
        func until(_ isSo: ([ObserverRecord]) -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(240)
            while true {
                let known = try records()
                if isSo(known) { return }
                try #require(ContinuousClock.now < end, "\(known.suffix(5))")
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        func beats(_ count: Int) async throws {
            try await until { $0.count { if case .acknowledged = $0 { true } else { false } } >= count }
        }
    }

    private func prepared(_ body: @escaping @Sendable (Place) async throws -> Void) async throws {
        let place = try TemporaryFolder("observer")
        try await PretendService.running(in: place.path) { service in
            let folder = DrillFolder(place.path)
            try service.put("scenario.yaml", service.scenario)
            try service.put("events.jsonl", Self.beginning + "\n")
            let one = Place(service: service, folder: folder)
            do {
                try await body(one)
            } catch {
                await one.control().stop()
                throw error
            }
            await one.control().stop()
        }
    }

    @Test("it is started once, found again by another runner, and looks for what it wrote when it is asked to")
    func lives() async throws {
        try await prepared { place in
            let process = try await place.control().start()
            #expect(getsid(process) == process, "a session of its own")
            try await place.beats(6)
            #expect(try await place.control().start() == process, "another runner finds it")
            let second = try await Program.run(["drill", "observe", place.folder.path], [:])
            #expect(second.status == 11 && second.messages.contains("another observer"), "\(second)")
            try place.service.remove("rows/id2")
            let count = try await place.control().readBack()
            #expect(try count == place.acknowledged().count && count >= 6)
            var rows: [Int: Bool?] = [:]
            for case .found(let number, _, let row, _) in try place.records() { rows[number] = row }
            #expect(rows[1] == true && rows[2] == false && rows[3] == true)
            try await place.until { _ in kill(process, 0) != 0 }  // the observer has ended for it
            #expect(try place.records().contains { if case .ended = $0 { true } else { false } })
        }
    }

    @Test("killed and started again it goes on, and where nobody looked is a gap")
    func killed() async throws {
        try await prepared { place in
            let control = place.control()
            let first = try await control.start()
            try await place.beats(3)
            kill(first, SIGKILL)
            let last = try #require(try place.records().last?.at)
            while DrillClock.system.uptime() < last + 3.5 { try await Task.sleep(for: .milliseconds(50)) }
            let second = try await control.start()
            #expect(first != second)
            let before = try #require(try place.acknowledged().max())
            try await place.until {
                $0.contains { if case .acknowledged(let number, _) = $0 { number > before } else { false } }
            }
            let scenario = try Scenario(text: place.service.scenario, file: "D.yaml")
            let measures = DrillMeasures(
                records: [DrillRecord(at: DrillClock.system.uptime(), wall: 0, event: .examined)],
                observed: try place.records(),
                truths: [], scenario: scenario, runbook: try Runbook(text: SmallRunbook.text(), file: "t.md"))
            #expect(measures.gaps.contains { $0.begin <= last + 0.5 && $0.end >= last + 3 }, "\(measures.gaps)")
            await control.stop()
            await control.stop()
        }
    }

    @Test("a program that does not begin is told with what it said")
    func fails() async throws {
        let place = try TemporaryFolder("observer")
        let control = ProcessObserver(
            program: Program.path, folder: DrillFolder(place.path), variables: ["PATH": "/usr/bin:/bin"])
        let error = await #expect(throws: DrillError.self) { try await control.start() }
        #expect(error?.code == .helperFailed && error?.hint.contains("there is no scenario") == true, "\(error as Any)")
        let none = ProcessObserver(program: "/nonexistent/lifeboat", folder: DrillFolder(place.path), variables: [:])
        await #expect(throws: DrillError.self) { try await none.start() }
    }

    static let beginning = """
        {"at":0,"event":{"began":{"_0":{"environment":"t","faultCount":1,"id":"D-1","isAttended":false,"runbookDigest":"",\
        "scenario":"D","seed":7,"time":"2026-11-21T08:30:00Z","versions":[]}}},"wall":0}
        """
}
