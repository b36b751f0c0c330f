extension LifeboatConfiguration {
    /// A complete file with comments. Every key there is stands in it, those that are rarely wanted behind `#`.
    public static let example = #"""
        # lifeboat.yaml: what is protected, where it goes, and when.
        #
        # Looked for as --config, LIFEBOAT_CONFIG, ./lifeboat.yaml, /etc/lifeboat/lifeboat.yaml; the first there is counts.
        # `lifeboat config check` says what is wrong with it, `lifeboat config show` what is in effect.
        # Names (of the service, stores, sources, plans): small letters, digits and -, a letter first.
        # Lengths of time: 90s, 15m, 24h, 30d, 2w, 1h30m.
        # Secrets never stand here. Each is named by exactly one of
        #   {file: /path}            a file that only its owner can read (chmod 600)
        #   {command: pass show x}   a program that prints it; no shell
        #   {env: NAME}              an environment variable

        service: cloud
        # node: web1                         # this machine in snapshots and events; the host name by default
        # state: /var/lib/lifeboat           # what must outlast a run
        allowed-countries: [DE, FI]          # stores elsewhere, or of unknown country, are refused

        stores:
          offsite:
            repository: s3:https://s3.example.org/backups/cloud
            password: {file: /etc/lifeboat/offsite.password}
            access-key: {file: /etc/lifeboat/offsite.access-key}   # AWS_* variables and files without these two
            secret-key: {file: /etc/lifeboat/offsite.secret-key}
            region: eu-central-1
            # ca-file: /etc/lifeboat/ca.pem  # certificates to trust instead of the system's
            # host-style: auto               # auto, path, virtual: where the bucket's name goes
            provider: Example Hosting
            country: FI
          disk:
            repository: /srv/backup
            password: {file: /etc/lifeboat/disk.password}
            country: DE

        sources:
          db:
            kind: mariadb
            method: physical                 # physical: fast to restore; logical: portable, little stored after a change
            socket: /run/mysqld/mysqld.sock  # or: host: 127.0.0.1 and port: 3306
            user: lifeboat
            password: {file: /etc/lifeboat/db.password}   # left out: unix_socket authentication
            # databases: [app]               # of a logical backup; all by default
            # small-blocks: true             # 16 KiB blocks: less stored after a change, more listed in each snapshot
            data-folder: /var/lib/mysql      # for restores in place, as the five below
            # option-file: /etc/mysql/mariadb.conf.d/zz-lifeboat.cnf   # gets the server_id of a rewind in place
            # system-user: mysql
            # tool-folder: /opt/mariadb/bin  # when the tools are not in PATH
            # log-bin: binlog               # when the system's option files do not say it
            stop: systemctl stop mariadb
            start: systemctl start mariadb
            restore-class: first             # before all that is `rest`, so that a degraded service is up early
            objective: {rpo: 25h, rto: 1h}   # `check` warns where the schedule cannot keep it
            journal:                         # any second can be restored; `lifeboat journal run` archives the log; or: true
              flush: 1s                      # what was written is stored after this time at the latest
              # segment: 1M                  # or earlier, once there is so much
              # spool-limit: 4G              # may wait on this machine while the store is away
              # close-every: 1h              # closed log files become a snapshot
              # server-id: 4242              # of the journal as a replica; made of the source's name by default
            assertions:                      # a restored copy must answer yes: not NULL, 0, f or empty
              - name: there are files
                sql: SELECT COUNT(*) FROM files
                database: app
            pins:                            # counted and hashed after the backup, compared after a restore
              tables: [app.files, app.users] # all, smallest first, by default
              budget: 60s
              # off: true
            reconcile:                       # rows without file, files without row
              database: app
              query: SELECT path, size, sha256 FROM files
              files: uploads
              root: /srv/cloud/uploads

          directory:
            kind: postgresql
            socket: /run/postgresql          # the folder the socket is in
            user: lifeboat
            # maintenance-database: postgres
            data-folder: /var/lib/postgresql/15/main
            objective: {rpo: 25h, rto: 1h}

          sessions:
            kind: redis
            host: 127.0.0.1
            port: 6379
            password: {command: pass show redis}
            role: sessions                   # cache, sessions, queue, store: what a restore means for it
            dump-file: /var/lib/redis/dump.rdb

          search:
            kind: sqlite
            file: /srv/cloud/search.db

          uploads:
            kind: files
            paths: [/srv/cloud/uploads]
            exclude: ["*.tmp", "*.part"]
            exclude-caches: true
            one-file-system: true
            # mounts: [/srv/cloud]           # must be mount points, else the source has failed
            # before: [systemctl stop thumbnailer]    # shell commands around the reading
            # after: [systemctl start thumbnailer]
            snapshot: auto                   # auto, btrfs, none
            # restore-first: ["*.thumb"]     # comes back before the rest of it, into a folder
            minimum-files: 1                 # fewer are suspect
            maximum-shrinkage: 0.5           # so is losing more than this share since the last time
            objective: {rpo: 25h, rto: 2h}

        # Shell commands in a restore of several sources, each run once: when all that comes first is there, and at the end.
        degraded: systemctl start cloud-degraded
        # recovered: systemctl start cloud

        plans:
          nightly:
            store: offsite
            sources: [db, directory, sessions, search, uploads]
            schedule: 30 2 * * *             # minute hour day month weekday, as in cron
            usual-duration: 20m
            keep:                            # any rule keeps; 30 days by default
              # last: 3
              # hourly: 24
              daily: 7
              weekly: 5
              monthly: 12
              # yearly: unlimited
              within: 30d

        # Whom a restore must not bring back: see `lifeboat erasure`. Kinds have names of your own.
        erasures:
          user:
            source: db
            database: app
            enumerate: SELECT id FROM users
            erase:                           # :key is bound as a value
              - DELETE FROM files WHERE owner = :key
              - DELETE FROM users WHERE id = :key
            verify: SELECT COUNT(*) FROM users WHERE id = :key
            files-source: uploads
            files: ["/srv/cloud/uploads/:key"]

        # How personal data is made unreadable in copies that are not for production: `restore --into scratch --mask staging`.
        masks:
          staging:
            sources:
              db:
                tables:
                  - table: app.users
                    email: [email]
                    name: [display_name]
                    # digits: [phone]
                    # text: [about]
                    # hash: [token]
                    # clear: [birthday]          # NULL
                    # fixed: [{column: password, value: "!"}]
                # exempt: [app.beats]        # not looked through for personal data afterwards

        # What of before a rewind must not go on: statements that are run before a restored database is handed over.
        epochs:
          - source: db
            database: app
            sql: UPDATE settings SET session_epoch = session_epoch + 1

        # A table of a console that gets a row for each drill: `lifeboat catalog mirror`. The account needs SELECT and INSERT on it.
        mirror:
          socket: /run/mysqld/mysqld.sock
          user: lifeboat-mirror
          password: {file: /etc/lifeboat/mirror.password}
          database: console
          table: drills
          columns:                           # ours: theirs; all by our names when it is left out
            id: drill
            scenario: scenario
            verdict: result
            recovered-at: restored_at

        # Whom to call, in this order. Runbooks name them where they say {{contacts}}; they are printed too, so keep them true.
        contacts:
          - {role: on call, name: Operations, phone: +49 30 1234567, mail: oncall@example.org}
          - {role: data protection officer, name: A. Example, mail: privacy@example.org}

        """#
}
