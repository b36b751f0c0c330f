import DataSources
import Repository
import Trees

/// Restores a point for real, into throw-away servers, and questions the result.
public struct VerifyRun: Sendable {
    let restore: PointRestore
    private let sources: [ProtectedSource]
    let context: RecoveryContext
    private let watch: @Sendable (String, PointRestore.Phase) -> Void

    /// A verification of the `sources` of a point.
    public init(
        _ entry: PointEntry, sources: [ProtectedSource], in context: RecoveryContext,
        watch: @escaping @Sendable (_ source: String, _ phase: PointRestore.Phase) -> Void = { _, _ in }
    ) {
        restore = PointRestore(entry, in: context)
        self.sources = sources
        self.context = context
        self.watch = watch
    }

    /// Verifies one source after another and appends an event. A source that does not come back is a verdict, not an error.
    public func run() async throws -> Verification {
        let record = try await verify()
        try await keep(record)
        return record
    }

    /// Appends the event of a verification.
    public func keep(_ record: Verification) async throws {
        try await context.recorder.record("verification", record)
    }

    /// As `run`, without an event.
    public func verify() async throws -> Verification {
        let point = restore.entry.point
        let started = context.now().rfc3339
        let parts = try await context.repository.locked(.shared, context.locks) { _ in
            let pins = try await ContentPins.read(point.id, from: context.repository)
            var parts = [VerifiedPart]()
            for source in sources { parts.append(try await verify(source, pins?.sources[source.name])) }
            return parts
        }
        let verdict = parts.map(\.verdict).max() ?? .inconclusive
        return Verification(
            point: point.id, plan: point.plan, started: started, ended: context.now().rfc3339, verdict: verdict,
            parts: parts)
    }

    private func verify(_ source: ProtectedSource, _ pins: ContentPins.SourcePins?) async throws -> VerifiedPart {
        var part = VerifiedPart(source: source.name, kind: source.kind)
        let clock = PhaseClock()
        do {
            part.byteCount = try restore.part(source.name).byteCount
            if restore.entry.point.part(source.name)?.outcome == .incomplete {
                part.worsen(to: .inconclusive, "some files could not be read when the point was made")
            }
            let began = { phase in
                clock.begin(phase)
                watch(source.name, phase)
            }
            let replay = try await replay(source, pins)
            let copy =
                if let replay { try await replay.scratch(phase: began) } else {
                    try await restore.scratch(source, phase: began)
                }
            part.checks = copy.fileChecks
            do {
                try await question(copy, pins, &part, clock)
            } catch {
                try? await copy.end()  // what went wrong before matters more
                throw error
            }
            try await copy.end()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            let failure = PointPart.Failure(error, of: source.name)
            part.worsen(
                to: VerifyRun.verdict(on: error),
                [failure.message, failure.hint].filter { !$0.isEmpty }.joined(separator: ". "))
        }
        part.phases = clock.times
        return part
    }

    private func question(
        _ copy: ScratchCopy, _ pins: ContentPins.SourcePins?, _ part: inout VerifiedPart, _ clock: PhaseClock
    ) async throws {
        guard let server = copy.server else { return }
        clock.begin(.check)
        watch(part.source, .check)
        part.checks += try await server.check()
        for check in part.checks where !check.isSound { part.worsen(to: .fail, "\(check.name): \(check.message)") }
        clock.begin(.pins)
        watch(part.source, .pins)
        try await compare(server, copy, pins, &part)
        clock.begin(.assertions)
        watch(part.source, .assertions)
        for assertion in copy.source.assertions {
            let outcome = await VerifyRun.ask(assertion, server)
            part.assertions.append(outcome)
            if !outcome.holds { part.worsen(to: .fail, "\(outcome.name): \(outcome.answer)") }
        }
    }

    private func compare(
        _ server: any ScratchServer, _ copy: ScratchCopy, _ pins: ContentPins.SourcePins?, _ part: inout VerifiedPart
    ) async throws {
        guard let pins, !pins.pins.isEmpty else {
            guard copy.source.kind == .mariadb || copy.source.kind == .postgresql else { return }
            part.pins = .init(equal: 0, different: [], leftOut: [], notCompared: "the point has no pins of it")
            return part.worsen(to: .inconclusive, "the point has no pins of its content")
        }
        let isComparable =
            pins.isOfBase || copy.replayed != nil || pins.position == copy.part.reading?.position
        guard isComparable else {
            let reason =
                "its tables were counted at another position than the base has, and no journal has the log to get there"
            part.pins = .init(equal: 0, different: [], leftOut: pins.leftOut, notCompared: reason)
            return part.worsen(to: .inconclusive, reason)
        }
        let found = try await server.pins(like: pins.pins)
        let comparison = VerifyRun.comparison(pins.pins, found, leftOut: pins.leftOut)
        part.pins = comparison
        if !comparison.different.isEmpty {
            part.worsen(to: .fail, "tables differ from what they were: \(comparison.different.joined(separator: ", "))")
        } else if !pins.leftOut.isEmpty {
            part.worsen(to: .inconclusive, "\(pins.leftOut.count) tables were not pinned, for want of time")
        }
    }

    /// Compares table by table; a table that is missing differs, one too many does too.
    static func comparison(
        _ expected: [TablePin], _ found: [TablePin], leftOut: [String]
    ) -> VerifiedPart.PinComparison {
        var left = [String: TablePin]()
        for pin in found { left["\(pin.database).\(pin.table)"] = pin }
        var comparison = VerifiedPart.PinComparison(equal: 0, different: [], leftOut: leftOut, notCompared: nil)
        for pin in expected {
            let name = "\(pin.database).\(pin.table)"
            switch left.removeValue(forKey: name) {
            case nil: comparison.different.append("\(name): missing")
            case let now? where now.rowCount != pin.rowCount:
                comparison.different.append("\(name): \(now.rowCount) rows instead of \(pin.rowCount)")
            case let now? where now.hash != pin.hash: comparison.different.append("\(name): other content")
            case _?: comparison.equal += 1
            }
        }
        comparison.different += left.keys.sorted().map { "\($0): not there before" }
        return comparison
    }

    /// Asks a restored database one of the configured questions.
    static func ask(_ assertion: Assertion, _ server: any ScratchServer) async -> VerifiedPart.AssertionOutcome {
        do {
            let rows = try await server.query(assertion.sql, database: assertion.database)
            let answer = rows.first?.first ?? nil
            let no: Set<String> = ["", "0", "f", "false"]
            return .init(
                name: assertion.name, holds: answer.map { !no.contains($0) } ?? false, answer: answer ?? "NULL")
        } catch {
            return .init(name: assertion.name, holds: false, answer: PointPart.Failure(error).message)
        }
    }

    /// What could not be tried for want of space, tools or time proves nothing; all else is a failure.
    private static func verdict(on error: any Error) -> Verdict {
        switch error {
        case let error as SourceError:
            let here: Set<SourceError.Code> = [.noSpace, .toolMissing, .timedOut, .versionUnsupported, .invalidSetting]
            return here.contains(error.code) ? .inconclusive : .fail
        case let error as RecoveryError:
            return error.code == .targetUnusable || error.code == .systemFailed ? .inconclusive : .fail
        case let error as TreeError:
            return error.code == .noSpace || error.code == .accessDenied ? .inconclusive : .fail
        default: return .fail
        }
    }
}

/// Measures phases that follow each other.
private final class PhaseClock {
    private(set) var closed: [VerifiedPart.PhaseTime] = []
    private var open: (PointRestore.Phase, ContinuousClock.Instant)?

    func begin(_ phase: PointRestore.Phase) {
        close()
        open = (phase, .now)
    }

    private func close() {
        if let (phase, since) = open {
            closed.append(.init(phase: phase, seconds: since.duration(to: .now) / .seconds(1)))
        }
        open = nil
    }

    var times: [VerifiedPart.PhaseTime] {
        close()
        return closed
    }
}
