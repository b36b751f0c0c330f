import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Drills

@Suite("The observer")
struct ObserverTests {
    /// Runs an observer of a real small service while `body` looks at its log and breaks the service.
    private func observed(
        change: @escaping @Sendable (String) -> String = { $0 },
        _ body: @escaping @Sendable (PretendService, Watch) async throws -> Void
    ) async throws {
        let place = try TemporaryFolder("observer")
        try await PretendService.running(in: place.path) { service in
            let scenario = try Scenario(text: change(service.scenario), file: "D.yaml")
            let folder = DrillFolder(place.path)
            let observer = Observer(scenario, in: folder, drill: "D-1", seed: 7)
            let task = Task { try await observer.run() }
            defer { task.cancel() }
            try await body(service, Watch(scenario: scenario, folder: folder, observer: observer, task: task))
        }
    }

    struct Watch: Sendable {
        let scenario: Scenario
        let folder: DrillFolder
        let observer: Observer
        let task: Task<Void, any Error>

        func records() throws -> [ObserverRecord] { try LineLog<ObserverRecord>(folder.observer).read() }

        var acknowledged: [Int] {
            get throws {
                try records().compactMap { if case .acknowledged(let number, _) = $0 { number } else { nil } }
            }
        }

        var found: [Int: [Bool?]] {
            get throws {
                var found: [Int: [Bool?]] = [:]
                for case .found(let number, _, let row, let file) in try records() { found[number] = [row, file] }
                return found
            }
        }

        /// Waits until `isSo` of its lines.
        func until(_ isSo: ([ObserverRecord]) -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(240)
            while true {
                let known = try records()
                if isSo(known) { return }
                try #require(ContinuousClock.now < end, "\(known.suffix(5))")
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// Waits for so many beats.
        func beats(_ count: Int) async throws {
            try await until { $0.count { if case .acknowledged = $0 { true } else { false } } >= count }
        }

        func answerCount(isGood: Bool) throws -> Int {
            try records().count { if case .probe(_, _, _, isGood, _) = $0 { true } else { false } }
        }

        /// Waits for so many right answers to probes.
        func answers(_ count: Int) async throws {
            try await until { $0.count { if case .probe(_, _, _, true, _) = $0 { true } else { false } } >= count }
        }

        func end() async throws {
            task.cancel()
            try await task.value
        }
    }

    @Test("beats are acknowledged one at a time, in their order, and nothing that was written is missing at the end")
    func beats() async throws {
        try await observed { service, watch in
            try await watch.beats(10)
            try await watch.end()
            let records = try watch.records()
            let numbers = try watch.acknowledged
            #expect(numbers == Array(1...numbers.count))
            guard case .began = records.first, case .ended = records.last else {
                Issue.record("it begins and ends: \(records)")
                return
            }
            #expect(records.contains { if case .clock = $0 { true } else { false } })
            #expect(try await watch.observer.readBack() == numbers.count)
            #expect(try watch.found.values.allSatisfy { $0 == [true, true] })
            #expect(try watch.found.keys.sorted() == numbers)
            _ = service
        }
    }

    @Test("a row that is gone, a file that is gone, and one with other bytes in it are lost; the rest is held")
    func lost() async throws {
        try await observed { service, watch in
            try await watch.beats(6)
            try await watch.end()
            try service.remove("rows/id2")
            try service.remove("files/id3")
            try service.put("files/id4", "something else")
            _ = try await watch.observer.readBack()
            let found = try watch.found
            #expect(found[1] == [true, true] && found[2] == [false, true])
            #expect(found[3] == [true, false] && found[4] == [true, false] && found[5] == [true, true])
        }
    }

    @Test("of a service that does not answer it cannot be said what is there")
    func unknown() async throws {
        try await observed { service, watch in
            try await watch.beats(2)
            try await watch.end()
            try service.put("down")
            _ = try await watch.observer.readBack()
            #expect(try !watch.found.isEmpty && watch.found.values.allSatisfy { $0 == [nil, nil] })
        }
    }

    @Test("a probe notices when the service breaks and when it is back; no beat is acknowledged in between")
    func breaks() async throws {
        try await observed { service, watch in
            try await watch.beats(3)
            try service.put("down")
            func isProbe(_ record: ObserverRecord, _ wanted: Bool) -> Bool {
                if case .probe(_, _, _, wanted, _) = record { true } else { false }
            }
            try await watch.until { $0.count { isProbe($0, false) } >= 3 }
            let broken = try watch.acknowledged.count
            try await watch.until { $0.contains { if case .refused = $0 { true } else { false } } }
            try service.remove("down")
            try await watch.beats(broken + 3)
            try await watch.until { records in
                guard let last = records.lastIndex(where: { isProbe($0, false) }) else { return false }
                return records[last...].count { isProbe($0, true) } >= 2
            }
            var view = ObserverView(watch.folder, probes: watch.scenario.probes)
            try view.update()
            #expect(view.detected(by: ["front"], since: 0) != nil && view.isUp(["front"], asked: 0) != nil)
        }
    }

    @Test("a beat that hangs stops neither probes nor clock")
    func slow() async throws {
        try await observed(change: { $0.replacing("timeout: 2\n", with: "timeout: 200\n") }) { service, watch in
            try await watch.beats(2)
            try service.put("slow")
            try await watch.until { records in
                records.count { if case .probe(_, _, _, false, _) = $0 { true } else { false } } >= 2
                    && records.count { if case .clock = $0 { true } else { false } } >= 3
            }
            let records = try watch.records()
            guard let sent = records.lastIndex(where: { if case .sent = $0 { true } else { false } }) else { return }
            let refused = records[sent...].filter { if case .refused = $0 { true } else { false } }
            #expect(refused.isEmpty, "it still waits")
            try service.remove("slow")
        }
    }

    @Test("whoever is not known any more signs in again")
    func strangers() async throws {
        try await observed { service, watch in
            try await watch.beats(3)
            let before = try watch.acknowledged.count
            try service.put("epoch", "2")
            try await watch.beats(before + 4)
            #expect(
                try watch.records().contains {
                    if case .refused(_, _, let reason) = $0 { reason.contains("401") } else { false }
                })
        }
    }

    @Test("a probe of somebody who is signed in stays so, also when nobody is known any more")
    func signedIn() async throws {
        try await observed(change: { text in
            text.replacing("/health\"", with: "/mine\"").replacing("front: {url", with: "front: {http: {url").replacing(
                ", every: 0.05, timeout: 1",
                with: ", headers: {cookie: \"session={s}\"}, contains: known}, every: 0.05, timeout: 200")
        }) { service, watch in
            try await watch.answers(3)
            try service.put("epoch", "2")
            try await watch.answers(try watch.answerCount(isGood: true) + 3)
            try await watch.end()
            let bad = try watch.answerCount(isGood: false)
            #expect(bad == 0)
        }
    }

    @Test("a file that its row leads to is found through it, and is gone with it")
    func led() async throws {
        try await observed(change: { text in
            text.replacing("/rows/{id}", with: "/list/{id}").replacing("/files/{id}", with: "/files/{other}").replacing(
                "contains: \"{content}\"}", with: "contains: \"{content}\", captures: {other: rows.0.id}}")
        }) { service, watch in
            try await watch.beats(4)
            try await watch.end()
            try service.remove("rows/id2")
            try service.remove("files/id3")
            _ = try await watch.observer.readBack()
            let found = try watch.found
            #expect(found[1] == [true, true] && found[2] == [false, false] && found[3] == [true, false])
        }
    }

    @Test("an observer that begins again goes on with the next number")
    func again() async throws {
        try await observed { _, watch in
            try await watch.beats(3)
            try await watch.end()
            let last = try watch.acknowledged.count
            let next = Observer(watch.scenario, in: watch.folder, drill: "D-1", seed: 7)
            let task = Task { try await next.run() }
            try await watch.beats(last + 2)
            task.cancel()
            try await task.value
            let numbers = try watch.acknowledged
            #expect(Set(numbers).count == numbers.count && numbers == numbers.sorted())
        }
    }

    @Test("content is the beat's own: of this number, this drill, and this seed")
    func content() {
        let texts = [(1, "D-1", 7), (2, "D-1", 7), (1, "D-2", 7), (1, "D-1", 8)].map {
            RequestValues.content(beat: $0.0, drill: $0.1, seed: UInt64($0.2))
        }
        #expect(Set(texts).count == 4 && texts.allSatisfy { $0.utf8.count == 1024 })
        #expect(texts[0] == RequestValues.content(beat: 1, drill: "D-1", seed: 7))
    }

    @Test("values stand in texts, JSON stays as it is, and in addresses nothing breaks out")
    func values() {
        let values = RequestValues(["beat": "7", "id": "a b/../?x=1&é"])
        #expect(values.fill(#"{"n": {beat}, "o": {other}}"#) == #"{"n": 7, "o": {other}}"#)
        #expect(values.fill("/f/{id}", RequestValues.encoded) == "/f/a%20b/../%3Fx%3D1%26%C3%A9")
    }
}
