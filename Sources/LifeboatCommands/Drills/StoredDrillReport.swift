import Drills
import Repository

/// Reports of drills, and what their steps said, as objects of a repository, sealed as its points are: what was proven outlives the machine that proved it.
struct StoredDrillReport {
    private static let prefix = "lifeboat/drills/"
    private static let kind = "drill-report"
    private static let logPrefix = "lifeboat/drill-logs/"
    private static let logKind = "drill-log"

    private let repository: OpenRepository

    init(_ repository: OpenRepository) { self.repository = repository }

    /// Stores it; a drill that is judged again has its last report.
    ///
    /// - Returns: the object's name.
    func store(_ report: DrillReport) async throws -> String {
        try await repository.storeRecord(report, kind: Self.kind, name: Self.name(report.id))
        return Self.name(report.id)
    }

    /// The report of a drill; nil when there is none.
    func read(_ id: String) async throws -> DrillReport? {
        try await repository.record(DrillReport.self, kind: Self.kind, name: Self.name(id))
    }

    /// Stores what a step said.
    ///
    /// - Returns: the object's name.
    func store(_ log: StepLogText) async throws -> String {
        let name = Self.name(log.drill, log.step)
        try await repository.storeRecord(log, kind: Self.logKind, name: name)
        return name
    }

    /// What a step said; nil when nothing is kept of it.
    func log(of step: String, _ id: String) async throws -> StepLogText? {
        try await repository.record(StepLogText.self, kind: Self.logKind, name: Self.name(id, step))
    }

    // A report is an object, so its name cannot be the beginning of others where objects are files.
    private static func name(_ id: String, _ step: String) -> String { "\(logPrefix)\(plain(id))/\(plain(step))" }

    private static func name(_ id: String) -> String {
        prefix + plain(id)
    }

    private static func plain(_ id: String) -> String {
        id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }
}
