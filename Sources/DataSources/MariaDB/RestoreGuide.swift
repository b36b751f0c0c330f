/// Writes RESTORE.md: how to bring a snapshot back with restic and MariaDB's own tools, for someone who has nothing else.
struct RestoreGuide: Sendable {
    let name: String
    let serverVersion: String
    let toolVersion: String

    /// For a physical backup.
    func physical(_ position: SourcePosition) -> String {
        """
        # Bringing back \(name): MariaDB, physical

        Taken by mariadb-backup \(toolVersion) from a server \(serverVersion).
        \(text(of: position))

        Needed: restic, and mariadb-backup and mariadbd of the same release series. As root. Set these first:

        - `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE` (or as restic wants them): where the backup is
        - `SNAPSHOT`: the snapshot's ID, see `restic snapshots`
        - `WORK`: an empty folder on the disk of `DATA`
        - `DATA`: the new data folder; it must not exist
        - `OWNER`: the account that the server runs as, usually `mysql`

        ```sh
        set -eu
        test ! -e "$DATA"
        restic restore "$SNAPSHOT" --include "/\(name)" --target "$WORK"
        mv "$WORK/\(name)/data" "$DATA"
        mariadb-backup --no-defaults --prepare --target-dir="$DATA" --tmpdir="$WORK"
        chown -R "$OWNER:" "$DATA"
        chmod 700 "$DATA"
        ```

        Then start the server on it (`datadir` in its configuration, or `mariadbd --datadir="$DATA"`), with the options that
        `backup-my.cnf` in it names. Accounts and passwords are those of the source.

        \(replay(position))
        """
    }

    /// For a logical backup.
    func logical(_ position: SourcePosition, hasUsers: Bool) -> String {
        """
        # Bringing back \(name): MariaDB, logical

        Taken by mariadb-dump \(toolVersion) from a server \(serverVersion).
        \(text(of: position))
        \(hasUsers ? "`users.sql` holds accounts and grants." : "Accounts and grants are not in this backup.")

        Needed: restic, the client `mariadb`, and a server that holds no databases yet. Set these first:

        - `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE` (or as restic wants them): where the backup is
        - `SNAPSHOT`: the snapshot's ID, see `restic snapshots`
        - `WORK`: an empty folder
        - `OPTIONS`: an option file whose section `[client]` names the server, an administrator and the password

        ```sh
        set -eu
        restic restore "$SNAPSHOT" --include "/\(name)" --target "$WORK"
        cd "$WORK/\(name)"
        mkdir -p databases
        each() { find databases -mindepth 2 -maxdepth 2 -name "$1.sql" -print0 | LC_ALL=C sort -z | xargs -0r cat; }
        rows() { find databases -mindepth 3 -maxdepth 3 -path '*/tables/*' -print0 | LC_ALL=C sort -z | xargs -0r cat; }
        {
            cat header.sql
            each schema; rows; each routines; each triggers; each views; each events
            cat footer.sql
        } | mariadb --defaults-file="$OPTIONS" --binary-mode --comments --default-character-set=utf8mb4
        if [ -e users.sql ]; then mariadb --defaults-file="$OPTIONS" --force < users.sql; fi
        ```

        One table alone: `header.sql`, its database's `schema.sql`, `tables/<table>.sql`, `footer.sql`, in this order, into a
        server that lacks it.

        \(replay(position))
        """
    }

    private func text(of position: SourcePosition) -> String {
        guard let file = position.binlogFile, let offset = position.binlogOffset else {
            return "The server wrote no binary log, so this backup has no position."
        }
        return "Position: GTID `\(position.gtid ?? "")`, binary log `\(file)`, offset \(offset)."
    }

    private func replay(_ position: SourcePosition) -> String {
        guard let gtid = position.gtid, !gtid.isEmpty else { return "" }
        return """
            What was written later is in the binary logs, if they are kept somewhere. All of it, in the order of the files:

                mariadb-binlog --start-position='\(gtid)' FILES | mariadb --binary-mode

            """
    }
}
