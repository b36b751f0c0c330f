import Drills
import Repository

/// Reports of drills as objects of a repository, sealed as its points are: what was proven outlives the machine that proved it.
struct StoredDrillReport {
    private static let prefix = "lifeboat/drills/"
    private static let kind = "drill-report"

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

    private static func name(_ id: String) -> String {
        prefix + id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }
}
