import GRDB

/// What an update found.
public struct CatalogUpdate: Sendable, Hashable, Codable {
    /// Events that were read now.
    public var readCount = 0
    /// Events that the catalog has now.
    public var eventCount = 0
    /// Of these, events of kinds that this release does not know, by kind.
    public var unknownKinds: [String: Int] = [:]
    /// Events whose payload this release cannot read.
    public var unreadableCount = 0
    /// Events whose payload was deleted after its retention.
    public var goneCount = 0
    /// Events that are not what was signed; they are left out. `lifeboat` tells more with the ledger's own check.
    public var problems: [String] = []

    /// Nothing found yet.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case problems
        case readCount = "read_count"
        case eventCount = "event_count"
        case unknownKinds = "unknown_kinds"
        case unreadableCount = "unreadable_count"
        case goneCount = "gone_count"
    }
}

extension Catalog {
    /// Batches that are read at the same time.
    private static let batchWidth = 3

    /// Takes in what the ledger has and the catalog does not. Events come in batches, each one transaction: an update that is
    /// ended in the middle is gone on with by the next, and two at once do no harm.
    ///
    /// - Parameter batchSize: events of one transaction.
    /// - Throws: `otherRepository`, `catalogUnusable`; what the feed says.
    public func update(from feed: any EventFeed, batchSize: Int = 500) async throws -> CatalogUpdate {
        try await adopt(feed.repositoryID)
        var update = CatalogUpdate()
        for node in try await feed.nodes() {
            let missing = try await missing(of: node, in: feed)
            let batches = stride(from: 0, to: missing.count, by: batchSize).map { start in
                Array(missing[start..<min(start + batchSize, missing.count)])
            }
            try await take(batches, of: node, from: feed, &update)
        }
        update.problems.sort()
        try await count(&update)
        return update
    }

    /// Empties the catalog and takes in all of the ledger.
    ///
    /// - Throws: as `update`.
    public func rebuild(from feed: any EventFeed, batchSize: Int = 500) async throws -> CatalogUpdate {
        try await write { database in
            for table in CatalogTable.all.map(\.name) + ["events", "repository"] {
                try database.execute(sql: "DELETE FROM \(table)")
            }
        }
        return try await update(from: feed, batchSize: batchSize)
    }

    /// Reads some batches at a time, and writes each when it is there; their order does not matter.
    private func take(
        _ batches: [[UInt64]], of node: String, from feed: any EventFeed, _ update: inout CatalogUpdate
    ) async throws {
        typealias Batch = (projected: [(CatalogEvent, Projection)], problems: [String])
        let read: @Sendable ([UInt64]) async throws -> Batch = { numbers in
            let (events, problems) = try await feed.events(of: node, numbered: numbers)
            return (events.map { ($0, Projection($0)) }, problems)
        }
        try await withThrowingTaskGroup(of: Batch.self) { group in
            var waiting = batches[...]
            for numbers in waiting.prefix(Catalog.batchWidth) { group.addTask { try await read(numbers) } }
            waiting = waiting.dropFirst(Catalog.batchWidth)
            while let batch = try await group.next() {
                if let numbers = waiting.popFirst() { group.addTask { try await read(numbers) } }
                update.problems += batch.problems
                update.readCount += try await write { try Catalog.take(batch.projected, into: $0) }
            }
        }
    }

    private func adopt(_ repository: String) async throws {
        let known = try await write { database in
            let known = try String.fetchOne(database, sql: "SELECT id FROM repository")
            if known == nil { try database.execute(sql: "INSERT INTO repository VALUES (?)", arguments: [repository]) }
            return known
        }
        guard known ?? repository == repository else {
            throw CatalogError(
                .otherRepository, "the catalog is of another repository, \(known?.prefix(8) ?? "")", subject: path,
                hint: "`lifeboat catalog rebuild` makes it anew from this one")
        }
    }

    /// Numbers of events that are not there yet: all behind the last, and holes before it, which a store that was slow to list
    /// or an event that could not be opened may have left.
    private func missing(of node: String, in feed: any EventFeed) async throws -> [UInt64] {
        let known = try await read { database -> (floor: Int64, behind: Set<Int64>) in
            let floor =
                try Int64.fetchOne(
                    database,
                    sql: """
                        SELECT COALESCE(MIN(sequence), 0) FROM events e WHERE node = ?1 AND NOT EXISTS
                        (SELECT 1 FROM events n WHERE n.node = ?1 AND n.sequence = e.sequence + 1)
                        AND EXISTS (SELECT 1 FROM events f WHERE f.node = ?1 AND f.sequence = 1)
                        """, arguments: [node]) ?? 0
            let behind = try Int64.fetchSet(
                database, sql: "SELECT sequence FROM events WHERE node = ? AND sequence > ?", arguments: [node, floor])
            return (floor, behind)
        }
        let numbers = try await feed.sequences(of: node, after: UInt64(clamping: known.floor))
        return numbers.filter { !known.behind.contains($0.stored) }
    }

    /// Adds these, and gives how many were new.
    static func take(_ events: [(CatalogEvent, Projection)], into database: Database) throws -> Int {
        var count = 0
        let adding = try database.cachedStatement(
            sql:
                "INSERT OR IGNORE INTO events (node, sequence, time, kind, actor, subject, state) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        for (event, projection) in events {
            try adding.execute(arguments: [
                event.node, event.sequence.stored, event.timeText, event.kind, projection.actor, projection.subject,
                projection.state.rawValue,
            ])
            // Another process may have taken it in meanwhile.
            guard database.changesCount > 0 else { continue }
            count += 1
            try replace(event, projection, in: database)
        }
        return count
    }

    /// Of two events about the same the later one counts, whichever was read first.
    private static func replace(_ event: CatalogEvent, _ projection: Projection, in database: Database) throws {
        guard !projection.rows.isEmpty else { return }
        if projection.subject != event.name {
            let others = try database.cachedStatement(
                sql: """
                    SELECT MAX((time, node, sequence) > (?3, ?4, ?5)) FROM events
                    WHERE subject = ?1 AND kind = ?2 AND state = 'projected' AND (node, sequence) <> (?4, ?5)
                    """)
            let isLater = try Bool.fetchOne(
                others,
                arguments: [
                    projection.subject, event.kind, event.timeText, event.node, event.sequence.stored,
                ])
            if isLater == true { return }
            if isLater == false { try remove(projection.subject, from: event.kind, in: database) }
        }
        for row in projection.rows {
            try database.cachedStatement(sql: row.table.insertion).execute(arguments: StatementArguments(row.values))
        }
    }

    private static func remove(_ subject: String, from kind: String, in database: Database) throws {
        for table in CatalogTable.byKind[kind] ?? [] {
            try database.cachedStatement(sql: table.deletion).execute(arguments: [subject])
        }
    }

    private func count(_ update: inout CatalogUpdate) async throws {
        let rows = try await read { database in
            try Row.fetchAll(database, sql: "SELECT state, kind, COUNT(*) AS count FROM events GROUP BY state, kind")
                .map { (state: $0["state"] as String, kind: $0["kind"] as String, count: $0["count"] as Int) }
        }
        for row in rows {
            update.eventCount += row.count
            switch row.state {
            case Projection.State.unknown.rawValue: update.unknownKinds[row.kind] = row.count
            case Projection.State.unreadable.rawValue: update.unreadableCount += row.count
            case Projection.State.gone.rawValue: update.goneCount += row.count
            default: break
            }
        }
    }
}
