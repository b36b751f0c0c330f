import Drills
import Ledger
import Recovery
import Runbooks
import Trees

/// Puts a drill that has ended into the ledger of the configured repository.
struct DrillRecording {
    let context: CommandContext
    let global: GlobalOptions

    /// Records it. What was found stays in the drill's folder when the ledger cannot be reached: that is told, and no failure.
    func record(_ report: DrillReport, _ folder: DrillFolder) async throws {
        do {
            let opened = try await RecoveryAccess(context: context, options: global).open()
            var payload = payload(report)
            let stored = StoredDrillReport(opened.recovery.repository)
            for (index, step) in report.steps.enumerated() {
                guard let log = StepLogText(of: step.id, attempts: step.attempts, in: folder) else { continue }
                payload.steps[index].logObject = try await stored.store(log)
            }
            payload.test.reportObject = try await stored.store(report)
            payload.test.isPlanChangedSinceLast = try await isPlanChanged(report, opened.ledger)
            try await opened.recovery.recorder.record(DrillEventPayload.kind, payload)
        } catch {
            if Task.isCancelled { throw error }
            context.output.message(
                "note: the drill is not in the ledger (\((error as? any DescribedError)?.message ?? "\(error)")); its report is in \(folder.path)"
            )
        }
    }

    /// Is it another plan than at the last drill of the scenario? Nil for the first, and where one of both did not say.
    private func isPlanChanged(_ report: DrillReport, _ ledger: Ledger) async throws -> Bool? {
        guard let own = report.planDigest else { return nil }
        var last: (time: EventTime, digest: String?)?
        for node in try await ledger.nodes() {
            for event in try await ledger.events(of: node) where event.header.kind == .drill {
                guard let payload = event.decode(as: RecordedEvent<DrillEventPayload>.self)?.detail,
                    payload.test.scenario == report.scenario, payload.test.id != report.id
                else { continue }
                if last.map({ $0.time < event.header.time }) ?? true { last = (event.header.time, payload.planDigest) }
            }
        }
        return last?.digest.map { $0 != own }
    }

    private func payload(_ report: DrillReport) -> DrillEventPayload {
        let zero = Timestamp(rfc3339: report.faultTime ?? report.began)
        func time(_ moment: Double?) -> String? {
            guard let zero, let moment else { return nil }
            let whole = moment.rounded(.down)
            var seconds = zero.seconds + Int64(whole)
            var nanoseconds = Int64(zero.nanoseconds) + Int64((moment - whole) * 1e9)
            if nanoseconds >= 1_000_000_000 { (seconds, nanoseconds) = (seconds + 1, nanoseconds - 1_000_000_000) }
            return Timestamp(seconds: seconds, nanoseconds: UInt32(nanoseconds)).rfc3339
        }
        func objective(_ name: String) -> DrillReport.ObjectiveRow? { report.objectives.first { $0.name == name } }
        var test = DisasterRecoveryTest(
            id: report.id, scenario: report.scenario, environment: report.environment, isAttended: report.isAttended,
            dataKind: report.data.kind, verdict: report.verdict, versions: report.versions)
        (test.dataByteCount, test.scalePercent) = (report.data.byteCount, report.data.scalePercent)
        (test.bandwidth, test.delaySeconds) = (report.link?.bandwidth, report.link?.delaySeconds)
        let restored = RestoredState(report.restores ?? [])
        (test.pointID, test.targetPosition) = (restored.point, restored.position)
        test.faultAt = report.faultTime
        (test.detectedAt, test.declaredAt) = (time(report.moments.detected), time(report.moments.declared))
        (test.degradedAt, test.recoveredAt) = (time(report.moments.degraded), time(report.moments.recovered))
        (test.degradedObjectiveSeconds, test.degradedSeconds) =
            (objective("rto_degraded")?.objectiveSeconds, objective("rto_degraded")?.achievedSeconds)
        (test.fullObjectiveSeconds, test.fullSeconds) =
            (objective("rto_full")?.objectiveSeconds, objective("rto_full")?.achievedSeconds)
        test.humanSeconds = report.humanSeconds
        (test.rpoObjectiveSeconds, test.rpoDatabaseSeconds) =
            (objective("rpo_database")?.objectiveSeconds, objective("rpo_database")?.achievedSeconds)
        test.rpoFilesSeconds = objective("rpo_files")?.achievedSeconds
        test.lostAfterFault = report.losses.first { $0.store == .database }?.lostAfter.count
        test.holes = report.losses.map(\.holes.count).max()
        test.runbookDigest = report.runbookDigest
        (test.performedBy, test.approvedBy) = (report.performedBy, report.approvedBy)
        let steps = report.steps.map { step in
            DisasterRecoveryStep(
                testID: report.id, step: step.id, host: step.host, phase: step.phase,
                started: time(step.begin) ?? report.began,
                ended: time(step.end), exit: step.exit, attempts: step.attempts)
        }
        return DrillEventPayload(
            test: test, steps: steps, reasons: report.reasons, planDigest: report.planDigest)
    }
}

/// What a drill showed, for the end of a run.
struct DrillOutcomeReport: Report {
    let report: DrillReport
    let folder: String

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    var lines: [String] {
        [""] + DrillReportText(report).lines + ["", "the report: \(folder)/report.html"]
    }
}
