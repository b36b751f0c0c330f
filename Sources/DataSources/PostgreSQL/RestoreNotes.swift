/// `RESTORE.md` of a snapshot: how to bring it back with restic and the tools of PostgreSQL alone.
enum RestoreNotes {
    static let fileName = "RESTORE.md"

    static func text(_ record: SnapshotRecord, source: String, systemUser: String) -> String {
        let facts = """
            # Restore `\(source)` (PostgreSQL) without Lifeboat

            | | |
            |---|---|
            | server | PostgreSQL \(record.version) |
            | method | \(record.method.rawValue) |
            | log position | \(record.startLSN) to \(record.endLSN), timeline \(record.timeline) |
            | system identifier | \(record.systemIdentifier) |
            | first superuser | `\(record.superuser)` |

            You need restic and PostgreSQL \(record.major) (Debian: `postgresql-\(record.major)`), nothing else. Set these, then run
            the block with `bash`, as root or as the account that the server shall run as:

            - `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE`: as restic wants them
            - `SNAPSHOT`: ID of this snapshot (`restic snapshots`)
            - `TARGET`: a new folder, on the disk where the data shall stay, that the account can enter
            - `SERVER_USER`: account of this machine that the server runs as, usually `\(systemUser)`
            - `PGBIN`: `/usr/lib/postgresql/\(record.major)/bin`
            - `PGPORT`: port of the restored server; its socket will be in `TARGET`


            """
        switch record.method {
        case .physical: return facts + physical(record, source)
        case .logical: return facts + logical(record, source)
        }
    }

    private static let functions = """
        as_server() {
            if [ "$(id -u)" = 0 ]; then runuser -u "$SERVER_USER" -- "$@"; else "$@"; fi
        }
        cd /
        """

    private static func physical(_ record: SnapshotRecord, _ source: String) -> String {
        let spaces = record.tablespaces.map { space in
            """
            ln -s "$BASE/tablespaces/\(space.oid)" data/pg_tblspc/\(space.oid)

            """
        }.joined()
        let maps = record.tablespaces.map { space in
            """
            rm data/pg_tblspc/\(space.oid)
            sed -i "s|^\(space.oid) .*|\(space.oid) $BASE/tablespaces/\(space.oid)|" data/tablespace_map

            """
        }.joined()
        let places = record.tablespaces.map { "- `\($0.oid)` was at `\($0.location)`\n" }.joined()
        let moving = places.isEmpty ? "" : "Tablespaces stay in `tablespaces` beside `data`:\n\n\(places)\n"
        return """
            ```sh
            set -eu
            \(functions)
            restic restore "$SNAPSHOT" --target "$TARGET"
            BASE=$TARGET/\(source)
            cd "$BASE"
            \(spaces)"$PGBIN/pg_verifybackup" data
            \(maps)# A Debian server keeps these elsewhere; put yours in their place.
            [ -e data/postgresql.conf ] || : > data/postgresql.conf
            [ -e data/pg_ident.conf ] || : > data/pg_ident.conf
            [ -e data/pg_hba.conf ] || echo "local all all trust" > data/pg_hba.conf
            # Recovery to the end of the log that is here, and onto a timeline of its own.
            touch data/recovery.signal
            chmod 700 data
            if [ "$(id -u)" = 0 ]; then chown -R "$SERVER_USER:" "$BASE"; chown "$SERVER_USER:" "$TARGET"; fi
            cd data
            as_server "$PGBIN/pg_ctl" -D "$BASE/data" -l "$BASE/start.log" -w -t 86400 start -o "-c restore_command=false \\
                -c archive_mode=off -c hot_standby=off -c primary_conninfo= -c listen_addresses= -c port=$PGPORT \\
                -c unix_socket_directories=$TARGET"
            # pg_ctl is content before recovery is done; wait for its end.
            until "$PGBIN/pg_isready" -q -h "$TARGET" -p "$PGPORT"; do
                as_server "$PGBIN/pg_ctl" -D "$BASE/data" status > /dev/null || { tail "$BASE/start.log"; exit 1; }
                sleep 1
            done
            "$PGBIN/psql" -h "$TARGET" -p "$PGPORT" -U "\(record.superuser)" -d postgres -c "SELECT pg_is_in_recovery()"
            ```

            It is only reachable by its socket then. Look at it, stop it with `pg_ctl stop`, and start it as you always do.
            \(moving)With archived log segments beyond \(record.endLSN), start it with a `restore_command` that copies them, and
            `recovery_target_time` or `recovery_target_lsn`, instead.

            """
    }

    private static func logical(_ record: SnapshotRecord, _ source: String) -> String {
        """
        Each folder of `databases` is one dump, taken apart: `pre-data.sql`, all of `tables`, `large-objects.sql`,
        `sequences.sql`, `post-data.sql`, one behind another in one session, is what `pg_dump` wrote. Rows are in the order in which
        the table held them. The roles are in `globals.sql`, the tablespaces in `tablespaces.sql` (load it before the databases,
        after making its folders; the block below puts them beside the new data folder).

        ```sh
        set -eu
        \(functions)
        restic restore "$SNAPSHOT" --target "$TARGET"
        BASE=$TARGET/\(source)
        if [ "$(id -u)" = 0 ]; then chown "$SERVER_USER:" "$TARGET" "$BASE"; fi
        as_server "$PGBIN/initdb" -D "$BASE/data" -U "\(record.superuser)" -E UTF8 --locale=C.UTF-8 --data-checksums \\
            --auth-local=trust --auth-host=scram-sha-256
        as_server "$PGBIN/pg_ctl" -D "$BASE/data" -l "$BASE/start.log" -w start -o "-c listen_addresses= -c port=$PGPORT \\
            -c unix_socket_directories=$TARGET"
        load() {
            "$PGBIN/psql" -X -q -h "$TARGET" -p "$PGPORT" -U "\(record.superuser)" -d postgres -v ON_ERROR_STOP=1 > /dev/null
        }
        load < "$BASE/globals.sql"
        number=0
        while IFS= read -r line; do
            case $line in
            "CREATE TABLESPACE "*" LOCATION '"*)
                number=$((number + 1))
                as_server mkdir -p "$BASE/tablespaces/$number"
                line="${line%% LOCATION \\'*} LOCATION '$BASE/tablespaces/$number';" ;;
            esac
            printf '%s\\n' "$line"
        done < "$BASE/tablespaces.sql" > "$BASE/tablespaces-here.sql"
        load < "$BASE/tablespaces-here.sql"
        for database in "$BASE"/databases/*/; do
            cd "$database"
            {
                cat pre-data.sql
                if [ -d tables ]; then find tables -name '*.sql' -print0 | sort -z | xargs -0 cat; fi
                for part in large-objects.sql sequences.sql post-data.sql; do
                    if [ -e "$part" ]; then cat "$part"; fi
                done
            } | load
        done
        cd /
        "$PGBIN/vacuumdb" -h "$TARGET" -p "$PGPORT" -U "\(record.superuser)" --all --analyze-only --quiet
        ```

        The server is only reachable by its socket then. To load into a server of yours, load the same files in the same order.

        """
    }
}
