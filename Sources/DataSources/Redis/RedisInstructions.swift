/// `RESTORE.md` of a Redis snapshot: how to bring it back with stock tools.
enum RedisInstructions {
    static func text(name: String, version: String, position: SourcePosition, time: String, byteCount: UInt64) -> String
    {
        """
        # Bringing back \(name): Redis

        `dump.rdb` (\(byteCount) bytes) is the state of a Redis \(version) at \(time), replication position
        \(position.replicationID ?? "unknown"):\(position.replicationOffset.map { String($0) } ?? "unknown").
        A server of the same or a newer version reads it.

        Needed: restic and `redis-check-rdb`. As root. Stop the server, so that nobody writes any more (`redis-cli ping` must
        fail). Set these first:

        - `RESTIC_REPOSITORY` and `RESTIC_PASSWORD_FILE` (or as restic wants them): where the backup is
        - `SNAPSHOT`: the snapshot's ID, see `restic snapshots`
        - `WORK`: an empty folder
        - `DATA`: the server's folder (`dir` in its configuration), usually `/var/lib/redis`
        - `OWNER`: the account that the server runs as, usually `redis`

        ```sh
        set -eu
        restic restore "$SNAPSHOT" --include "/\(name)" --target "$WORK"
        redis-check-rdb "$WORK/\(name)/dump.rdb"
        for old in dump.rdb appendonlydir; do
            if [ -e "$DATA/$old" ]; then mv "$DATA/$old" "$DATA/$old.before"; fi
        done
        install -o "$OWNER" -g "$(id -gn "$OWNER")" -m 0660 "$WORK/\(name)/dump.rdb" "$DATA/dump.rdb"
        ```

        Then start the server.

        A server with `appendonly yes` reads its append-only files and not `dump.rdb`. So start it once without:

        ```sh
        sudo -u redis redis-server /etc/redis/redis.conf --appendonly no --daemonize yes --supervised no
        redis-cli info keyspace                       # are the keys there?
        redis-cli config set appendonly yes           # only when the configuration says so: writes them anew from memory
        redis-cli info persistence | grep aof_rewrite # wait until none is in progress
        redis-cli shutdown
        systemctl start redis-server
        ```

        Is it a queue? Then keep consumers away until you know which jobs have run since: put `min-replicas-to-write 1` into
        the configuration before the start, which refuses every write, and so every `POP`; take it back with
        `redis-cli config set min-replicas-to-write 0`.

        Does it hold sessions? After a rewind of the application's database it is safer to start empty.

        """
    }
}
