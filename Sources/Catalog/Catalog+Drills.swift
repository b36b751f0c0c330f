public import Drills
import GRDB

/// A drill with all that is known of it.
public struct RecordedDrill: Sendable, Hashable {
    /// What was measured.
    public var test: DisasterRecoveryTest
    /// Its steps, in the order in which they were begun.
    public var steps: [DisasterRecoveryStep]
    /// Why the verdict is what it is.
    public var reasons: [VerdictReason]
}

extension Catalog {
    /// All drills, or those of a scenario, oldest first.
    ///
    /// - Throws: `catalogUnusable`.
    public func drills(of scenario: String? = nil) async throws -> [DisasterRecoveryTest] {
        try await read { database in
            try Decoded<DisasterRecoveryTest>.fetchAll(
                database,
                sql: """
                    SELECT t.* FROM disaster_recovery_tests t
                    LEFT JOIN events e ON e.subject = t.id AND e.kind = 'drill' AND e.sequence = t.event_sequence
                    WHERE ?1 IS NULL OR t.scenario = ?1 GROUP BY t.id ORDER BY COALESCE(t.fault_at, MAX(e.time)), t.id
                    """, arguments: [scenario]
            ).map(\.value)
        }
    }

    /// The drill of that name, or the only one whose name begins so; `latest` is the last one.
    ///
    /// - Throws: `drillUnknown`, `catalogUnusable`.
    public func drill(_ name: String) async throws -> RecordedDrill {
        let all = try await drills()
        let found = name == "latest" ? Array(all.suffix(1)) : all.filter { $0.id.hasPrefix(name) }
        guard let test = found.first(where: { $0.id == name }) ?? found.first else {
            throw CatalogError(
                .drillUnknown, all.isEmpty ? "no drill is recorded" : "no drill is called `\(name)`", subject: path,
                hint: all.isEmpty ? "a drill is recorded when it has ended" : "`lifeboat drill list` shows all")
        }
        guard found.count == 1 || test.id == name else {
            throw CatalogError(
                .drillUnknown, "\(found.count) drills begin with `\(name)`", subject: path,
                hint: "write more of the name: " + found.suffix(5).map(\.id).joined(separator: ", "))
        }
        return try await read { database in
            let steps = try Decoded<DisasterRecoveryStep>.fetchAll(
                database, sql: "SELECT * FROM disaster_recovery_steps WHERE test_id = ? ORDER BY rowid",
                arguments: [test.id])
            let reasons = try Decoded<VerdictReason>.fetchAll(
                database, sql: "SELECT * FROM disaster_recovery_reasons WHERE test_id = ? ORDER BY number",
                arguments: [test.id])
            return RecordedDrill(test: test, steps: steps.map(\.value), reasons: reasons.map(\.value))
        }
    }
}

/// A row as a record that another module made; its keys are the columns.
struct Decoded<Value: Decodable & Sendable>: Decodable, FetchableRecord, Sendable {
    let value: Value

    init(from decoder: any Decoder) throws { value = try Value(from: decoder) }
}
