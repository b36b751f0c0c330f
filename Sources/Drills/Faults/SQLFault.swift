/// A fault as SQL, and the shell text that carries it to the server.
struct SQLFault {
    /// One transaction, which says how many rows it hit where that has a meaning, and questions for its place in the log.
    let statements: String
    private let dialect: SQLDialect

    /// - Throws: `DrillError.unsupported` when table or column have no usable name.
    init(_ fault: Fault, _ dialect: SQLDialect) throws {
        self.dialect = dialect
        let table = try dialect.name(fault.table ?? "", partCount: 2)
        let what: String
        switch fault.kind {
        case .dropTable: what = "DROP TABLE \(table)"
        case .garbleRows:
            let column = try dialect.name(fault.column ?? "", partCount: 1)
            what = dialect.counted("UPDATE \(table) SET \(column) = REVERSE(\(column))")
        default:
            what = dialect.counted("DELETE FROM \(table)" + (fault.condition.map { " WHERE \($0)" } ?? ""))
        }
        statements =
            switch dialect {
            case .mariadb: "\(what); SELECT @@last_gtid;\n"
            // Others write meanwhile: the log's end before and behind the commit are what is known without reading the log.
            case .postgresql:
                """
                BEGIN;
                \(what);
                SELECT 'began ' || pg_current_xact_id()::xid || ' ' || pg_current_wal_insert_lsn();
                COMMIT;
                SELECT 'ended ' || pg_current_wal_insert_lsn();

                """
            }
    }

    /// SQL goes to the server only after it has read the token in its own data folder, over the same connection. The last line of
    /// the output is the transaction's position.
    ///
    /// - Parameter client: shell command that takes SQL at its standard input and prints rows without names.
    func script(client: String) -> String {
        """
        found=$(printf "\(tokenQuestion)" "$NAME" | \(client)) || found=
        [ "$found" = "$TOKEN" ] || { echo "the server's data folder does not have the token" >&2; exit 44; }
        said=$(printf '%s' "$STATEMENTS" | \(client))
        case $said in "0 rows"*) echo "no row was hit" >&2; exit 1 ;; esac

        """
            + (dialect == .mariadb ? "printf '%s\\n' \"$said\"\n" : Self.postgresql(client))
    }

    private var tokenQuestion: String {
        switch dialect {
        case .mariadb: "SELECT LOAD_FILE(CONCAT(@@datadir, '%s'))"
        case .postgresql: "SELECT pg_read_file('%s')"
        }
    }

    /// Where the commit ends is read from the log by `pg_walinspect`, in a transaction that is taken back, so that nothing of it
    /// stays. A server without it leaves the span that the commit is in: `A..B`.
    private static func postgresql(_ client: String) -> String {
        """
        set -- $(printf '%s\\n' "$said" | sed -n 's/^began //p') $(printf '%s\\n' "$said" | sed -n 's/^ended //p')
        [ $# -eq 3 ] || { echo "the server refused" >&2; exit 1; }
        place=$(printf "BEGIN; CREATE EXTENSION IF NOT EXISTS pg_walinspect; SELECT 'commit ' || end_lsn
            FROM pg_get_wal_records_info('%s', (SELECT LEAST('%s'::pg_lsn, pg_current_wal_flush_lsn())))
            WHERE xid = '%s' AND resource_manager = 'Transaction' AND record_type LIKE 'COMMIT%%'; ROLLBACK;" \\
            "$2" "$3" "$1" | \(client) 2>/dev/null | sed -n 's/^commit //p') || true
        printf '%s\\n' "$said" | sed -n '/ rows$/p'
        printf '%s\\n' "${place:-$2..$3}"

        """
    }
}
