/// `RESTORE.md` of a Redis snapshot: how to bring it back with stock tools.
enum RedisInstructions {
    static func text(version: String, position: SourcePosition, time: String, byteCount: UInt64) -> String {
        """
        # Bringing back this Redis

        `dump.rdb` (\(byteCount) bytes) is the state of a Redis \(version) at \(time), replication position
        \(position.replicationID ?? "unknown"):\(position.replicationOffset.map { String($0) } ?? "unknown").
        A server of the same or a newer version reads it. `restic restore` gives you this folder; then, as root:

        ```sh
        redis-check-rdb dump.rdb                      # must end with "RDB looks OK!"
        systemctl stop redis-server
        redis-cli ping                                # must fail: nobody may write any more
        mv /var/lib/redis/dump.rdb /var/lib/redis/dump.rdb.before
        mv /var/lib/redis/appendonlydir /var/lib/redis/appendonlydir.before     # when there is one
        install -o redis -g redis -m 0660 dump.rdb /var/lib/redis/dump.rdb
        ```

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
