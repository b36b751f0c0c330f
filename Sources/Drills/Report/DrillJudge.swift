import FoundationEssentials
public import Runbooks

/// Makes the verdict of a drill from its logs, and writes the report: `report.json` and `report.html`.
public struct DrillJudge: Sendable {
    private let folder: DrillFolder
    private let scenario: Scenario
    private let environment: DrillEnvironment
    private let runbook: Runbook
    private let byteCount: UInt64?

    /// - Parameters:
    ///   - folder: the drill's, with all logs in it.
    ///   - scenario: what was rehearsed.
    ///   - environment: where.
    ///   - runbook: how.
    ///   - byteCount: bytes of the data that was restored; nil when nobody measured that.
    public init(
        _ folder: DrillFolder, _ scenario: Scenario, _ environment: DrillEnvironment, _ runbook: Runbook,
        byteCount: UInt64? = nil
    ) {
        self.folder = folder
        self.scenario = scenario
        self.environment = environment
        self.runbook = runbook
        self.byteCount = byteCount
    }

    /// Judges the drill of `records`. Done again, it writes the same report. Blocks while it reads and writes.
    ///
    /// - Throws: `DrillError`: `fileFailed`, `logMalformed`.
    public func report(_ records: [DrillRecord]) throws -> DrillReport {
        var material = DrillReport.Material(
            records: records, observed: try LineLog<ObserverRecord>(folder.observer).read(),
            truths: try LineLog<FaultTruth>(folder.truth).read(), scenario: scenario, environment: environment,
            runbook: runbook, byteCount: byteCount)
        material.canary = try LineLog<CanaryRecord>(folder.canary).read()
        material.tries = try LineLog<FenceTry>(folder.fence).read()
        guard let report = DrillReport(material) else {
            throw DrillError(.logMalformed, "does not say how the drill began", subject: folder.events)
        }
        try write(try report.json(), folder.report)
        try write(DrillPage(report).html, folder.page)
        return report
    }

    /// The verdict alone, for `DrillRun`.
    public func verdict(_ records: [DrillRecord]) throws -> Verdict { try report(records).verdict }

    private func write(_ text: String, _ path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw DrillError(.fileFailed, "cannot be written", subject: path, cause: error)
        }
    }
}

extension DrillReport {
    /// The report as it is stored.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// Reads a stored report.
    ///
    /// - Throws: `DrillError`: `fileFailed` when there is none; `logMalformed`.
    public init(of folder: DrillFolder) throws {
        guard let bytes = FileManager.default.contents(atPath: folder.report) else {
            throw DrillError(
                .fileFailed, "there is no report", subject: folder.report,
                hint:
                    "`lifeboat drill list` shows the drills that ended; one that did not goes on with `lifeboat drill run --resume`"
            )
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(DrillReport.self, from: bytes)
        } catch {
            throw DrillError(
                .logMalformed, "this program cannot read the report", subject: folder.report, cause: error)
        }
    }
}
