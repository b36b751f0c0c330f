/// What a transaction does, table by table.
struct BinlogChanges {
    private static let textLimit = 200
    /// More tables in one transaction are not told apart.
    private static let limit = 1000

    private(set) var all: [FoundTransaction.Change] = []
    private var tables: [UInt64: TableMap] = [:]

    mutating func begin() {
        all = []
        tables = [:]
    }

    mutating func add(_ event: BinlogEvent) {
        switch event.kind {
        case .tableMap:
            guard tables.count < BinlogChanges.limit, let map = TableMap(event.body) else { return }
            tables[map.id] = map
        case .writeRows, .writeRows2, .writeRowsCompressed, .writeRowsCompressed2: addRows(event, "insert")
        case .updateRows, .updateRows2, .updateRowsCompressed, .updateRowsCompressed2: addRows(event, "update")
        case .deleteRows, .deleteRows2, .deleteRowsCompressed, .deleteRowsCompressed2: addRows(event, "delete")
        default: break
        }
    }

    private mutating func addRows(_ event: BinlogEvent, _ action: String) {
        var fields = ByteFields(event.body)
        guard let id = fields.integer(6), let map = tables[id] else { return }
        let count = RowsEvent(event, map).flatMap { $0.rowCount }
        let name = "\(map.database).\(map.table)"
        if let index = all.firstIndex(where: { $0.action == action && $0.table == name && $0.statement == nil }) {
            all[index].rowCount = all[index].rowCount.flatMap { before in count.map { before + $0 } }
        } else {
            append(FoundTransaction.Change(action: action, table: name, rowCount: count, statement: nil))
        }
    }

    mutating func add(_ statement: BinlogTransactions.Statement) {
        let found = StatementReading(statement.text, database: statement.database)
        let text = StatementSecrets.hidden(in: String(statement.text.prefix(BinlogChanges.textLimit)))
        for table in found.tables.isEmpty ? [""] : found.tables {
            append(
                FoundTransaction.Change(action: found.action.rawValue, table: table, rowCount: nil, statement: text))
        }
    }

    private mutating func append(_ change: FoundTransaction.Change) {
        if all.count < BinlogChanges.limit { all.append(change) }
    }
}

/// A table as the events of rows behind it mean it.
///
/// | size | field |
/// |---|---|
/// | 6 | number that the events of rows name it by |
/// | 2 | marks |
/// | 1 + d + 1 | database: length, name, 0 |
/// | 1 + t + 1 | table: the same |
/// | packed | number of columns, c |
/// | c | a type for each |
/// | packed + m | what the types need to know more |
struct TableMap {
    let id: UInt64
    let database: String
    let table: String
    let columns: [ColumnShape]

    init?(_ bytes: ArraySlice<UInt8>) {
        var fields = ByteFields(bytes)
        guard let id = fields.integer(6), fields.bytes(2) != nil, let database = TableMap.name(&fields),
            let table = TableMap.name(&fields), let count = fields.packedInteger(limit: 4096 * 4),
            let types = fields.bytes(count), let length = fields.packedInteger(limit: 1 << 16),
            let metadata = fields.bytes(length)
        else { return nil }
        var rest = ByteFields(metadata)
        var columns = [ColumnShape]()
        for type in types {
            guard let shape = ColumnShape(type: type, &rest) else { return nil }
            columns.append(shape)
        }
        (self.id, self.database, self.table, self.columns) = (id, database, table, columns)
    }

    private static func name(_ fields: inout ByteFields) -> String? {
        guard let length = fields.integer(1), let name = fields.bytes(Int(length)), fields.bytes(1) != nil else {
            return nil
        }
        return String(decoding: name, as: UTF8.self)
    }
}

/// How long a value of a column is in the binary log.
enum ColumnShape: Hashable {
    case fixed(Int)
    /// A length of so many bytes, then the value.
    case counted(Int)

    /// - Parameter metadata: what the table's event says of the columns from this one on.
    init?(type: UInt8, _ metadata: inout ByteFields) {
        switch type {
        case 6: self = .fixed(0)
        case 1, 13: self = .fixed(1)
        case 2: self = .fixed(2)
        case 9, 10, 11, 14: self = .fixed(3)
        case 3, 7: self = .fixed(4)
        case 8, 12: self = .fixed(8)
        case 4, 5:
            guard let size = metadata.integer(1) else { return nil }
            self = .fixed(Int(size))
        case 17, 18, 19:
            guard let digits = metadata.integer(1), digits <= 6 else { return nil }
            self = .fixed((type == 17 ? 4 : type == 18 ? 5 : 3) + Int(digits + 1) / 2)
        case 15, 141:
            guard let limit = metadata.integer(2) else { return nil }
            self = .counted(limit < 256 ? 1 : 2)
        case 140, 245, 249...252, 255:
            guard let size = metadata.integer(1), (1...4).contains(size) else { return nil }
            self = .counted(Int(size))
        case 16:
            guard let bits = metadata.integer(1), let bytes = metadata.integer(1) else { return nil }
            self = .fixed(Int(bytes) + (bits > 0 ? 1 : 0))
        case 0, 246:
            guard let precision = metadata.integer(1), let scale = metadata.integer(1), scale <= precision else {
                return nil
            }
            self = .fixed(ColumnShape.digits(Int(precision - scale)) + ColumnShape.digits(Int(scale)))
        case 247, 248, 253, 254:
            guard let real = metadata.integer(1), let size = metadata.integer(1) else { return nil }
            if real == 247 || real == 248 {
                self = .fixed(Int(size))
            } else {
                // Two bits of a length above 255 lie upside down in the type.
                let length = size | ((real & 0x30) ^ 0x30) << 4
                self = .counted(length < 256 ? 1 : 2)
            }
        default: return nil
        }
    }

    /// Bytes of so many decimal digits: nine in four, the rest in as few as will do.
    private static func digits(_ count: Int) -> Int { count / 9 * 4 + [0, 1, 1, 2, 2, 3, 3, 4, 4][count % 9] }
}

/// The rows of an event.
///
/// | size | field |
/// |---|---|
/// | 6 | the table's number |
/// | 2 | marks |
/// | 2 + x | version 2 only: more, with its own length |
/// | packed | number of columns, c |
/// | (c + 7) / 8 | which of them are there; twice in updates, before and after |
/// | | the rows: for each image a bit for each column that is there, set where NULL, then the values |
struct RowsEvent {
    /// nil where it cannot be told.
    let rowCount: UInt64?

    init?(_ event: BinlogEvent, _ map: TableMap) {
        guard event.isWhole, let kind = event.kind else { return nil }
        var fields = ByteFields(event.body)
        guard fields.bytes(8) != nil else { return nil }
        switch kind {
        case .writeRows2, .updateRows2, .deleteRows2, .writeRowsCompressed2, .updateRowsCompressed2,
            .deleteRowsCompressed2:
            guard let length = fields.integer(2), length >= 2, fields.bytes(Int(length) - 2) != nil else { return nil }
        default: break
        }
        guard let count = fields.packedInteger(limit: 1 << 16), count == map.columns.count else { return nil }
        let isUpdate = [.updateRows, .updateRows2, .updateRowsCompressed, .updateRowsCompressed2].contains(kind)
        var images = [[ColumnShape]]()
        for _ in 0..<(isUpdate ? 2 : 1) {
            guard let present = fields.bytes((count + 7) / 8) else { return nil }
            images.append(map.columns.enumerated().filter { RowsEvent.bit($0.offset, of: present) }.map(\.element))
        }
        var rows = fields.rest
        if event.header.type >= BinlogEvent.Kind.writeRowsCompressed.rawValue {
            guard let inflated = Inflate.eventPart(rows, limit: BinlogReader.rowLimit, allowsCut: false) else {
                return nil
            }
            rows = inflated[...]
        }
        rowCount = RowsEvent.count(rows, images)
    }

    private static func bit(_ index: Int, of bytes: ArraySlice<UInt8>) -> Bool {
        bytes[bytes.startIndex + index / 8] >> UInt8(index % 8) & 1 == 1
    }

    private static func count(_ bytes: ArraySlice<UInt8>, _ images: [[ColumnShape]]) -> UInt64? {
        var fields = ByteFields(bytes)
        var count: UInt64 = 0
        while !fields.rest.isEmpty {
            let before = fields.rest.count
            for image in images {
                guard let nulls = fields.bytes((image.count + 7) / 8) else { return nil }
                for (index, shape) in image.enumerated() where !bit(index, of: nulls) {
                    let length: Int
                    switch shape {
                    case .fixed(let size): length = size
                    case .counted(let size):
                        guard let value = fields.integer(size) else { return nil }
                        length = Int(value)
                    }
                    guard fields.bytes(length) != nil else { return nil }
                }
            }
            // A row without any byte cannot be counted by its bytes.
            guard fields.rest.count < before else { return nil }
            count += 1
        }
        return count
    }
}
