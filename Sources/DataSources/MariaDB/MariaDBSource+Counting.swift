extension MariaDBSource: PinnedSource {
    public func countPins(tables: [String], budget: Duration) async throws -> CountedPins {
        let counted = try await pins(tables: tables, budget: budget)
        return CountedPins(position: counted.position, pins: counted.pins, leftOut: counted.leftOut)
    }
}

extension PostgreSQLSource: PinnedSource {
    public func countPins(tables: [String], budget: Duration) async throws -> CountedPins {
        let counted = try await pins(tables: tables, budget: budget)
        return CountedPins(position: counted.position, pins: counted.pins, leftOut: counted.leftOut)
    }
}
