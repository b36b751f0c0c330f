import DataSources

/// The columns of a table, and what tells its rows apart.
struct TableShape: Sendable, Hashable {
    /// A column that can be written.
    struct Column: Sendable, Hashable {
        /// How values of it are written down without loss.
        enum Form: Sendable, Hashable {
            /// Digits, without quotes.
            case number
            /// A text of ASCII in quotes: dates, floating point numbers, addresses.
            case plain
            /// Bytes in a character set of MariaDB's, as hexadecimal digits.
            case characters(String)
            /// Bytes.
            case bytes
            /// What PostgreSQL writes for a value of this type, and reads again.
            case typed(String)
        }

        let name: String
        /// As the catalog has it.
        let type: String
        let form: Form
        /// Changes by itself when a row is updated.
        var changesItself = false
        /// PostgreSQL: only `OVERRIDING SYSTEM VALUE` writes it.
        var isIdentity = false
    }

    let columns: [Column]
    /// Indexes of the columns that tell rows apart: the primary key's.
    var key: [Int]

    /// Names of tables' triggers, for a person to know.
    var triggers: [String] = []

    func index(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }
}

/// Asks for the shape of a table.
struct ShapeQuestion {
    let name: TableName
    let kind: SourceKind

    /// `ask` runs a query in the table's database.
    func shape(
        hint: String = "`sql` lists what is there", of whose: String = "the copy",
        _ ask: (String) async throws -> [[String?]]
    ) async throws -> TableShape {
        let columns = try await ask(kind == .postgresql ? postgresqlColumns : mariadbColumns).compactMap(column)
        guard !columns.isEmpty else {
            throw RecoveryError(
                .notConfigured, "\(whose) has no table \(name.schema).\(name.table), or it cannot be read",
                subject: name.table, hint: hint)
        }
        let key = try await ask(kind == .postgresql ? postgresqlKey : mariadbKey).compactMap { row in
            columns.firstIndex { $0.name == row.first ?? nil }
        }
        let triggers = try await ask(triggerQuery).compactMap { $0.first ?? nil }
        return TableShape(columns: columns, key: key, triggers: triggers)
    }

    private var dialect: MaskDialect { MaskDialect(kind: kind, salt: "") }
    private var schema: String { dialect.text(name.schema) }
    private var table: String { dialect.text(name.table) }

    private var mariadbColumns: String {
        """
        SELECT column_name, data_type, COALESCE(character_set_name, ''), extra, '' FROM information_schema.columns
        WHERE table_schema = \(schema) AND table_name = \(table) AND COALESCE(generation_expression, '') = ''
        ORDER BY ordinal_position;
        """
    }

    private var mariadbKey: String {
        """
        SELECT column_name FROM information_schema.statistics WHERE table_schema = \(schema)
        AND table_name = \(table) AND index_name = 'PRIMARY' ORDER BY seq_in_index;
        """
    }

    private var triggerQuery: String {
        """
        SELECT DISTINCT trigger_name FROM information_schema.triggers
        WHERE event_object_schema = \(schema) AND event_object_table = \(table);
        """
    }

    private var relation: String {
        """
        (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = \(schema) AND c.relname = \(table) AND c.relkind IN ('r', 'p'))
        """
    }

    private var postgresqlColumns: String {
        """
        SELECT attname, pg_catalog.format_type(atttypid, atttypmod), '', '', attidentity FROM pg_catalog.pg_attribute
        WHERE attrelid = \(relation) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
        """
    }

    private var postgresqlKey: String {
        """
        SELECT a.attname FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indisprimary AND i.indrelid = \(relation) ORDER BY k.place
        """
    }

    private func column(_ row: [String?]) -> TableShape.Column? {
        guard row.count == 5, let name = row[0], let type = row[1] else { return nil }
        if kind == .postgresql {
            return TableShape.Column(
                name: name, type: type, form: .typed(type), isIdentity: row[4] == "a")
        }
        let characterSet = row[2] ?? ""
        let changes = row[3]?.lowercased().contains("on update") ?? false
        return TableShape.Column(
            name: name, type: type, form: ShapeQuestion.form(type.lowercased(), characterSet), changesItself: changes)
    }

    private static func form(_ type: String, _ characterSet: String) -> TableShape.Column.Form {
        switch type {
        case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year", "bit": return .number
        case "float", "double", "date", "time", "datetime", "timestamp", "inet4", "inet6", "uuid": return .plain
        default: return characterSet.isEmpty ? .bytes : .characters(characterSet)
        }
    }
}
