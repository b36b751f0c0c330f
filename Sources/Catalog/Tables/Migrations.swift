import GRDB

/// The tables as each release made them. What was released is never changed, only added to; a release that makes more of events
/// than the one before adds a migration that empties the tables, so that the next update reads all events again.
enum Migrations {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: first) }
        migrator.registerMigration("2") { try $0.execute(sql: link) }
        return migrator
    }()

    /// Events of before have neither, so that nothing is read again.
    private static let link = """
        ALTER TABLE disaster_recovery_tests ADD COLUMN bandwidth_bytes_s INTEGER;
        ALTER TABLE disaster_recovery_tests ADD COLUMN delay_s REAL;
        """

    private static let first = """
        CREATE TABLE repository (id TEXT NOT NULL PRIMARY KEY) STRICT;
        CREATE TABLE events (
            node TEXT NOT NULL, sequence INTEGER NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT,
            subject TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('projected', 'unknown', 'unreadable', 'gone')),
            PRIMARY KEY (node, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX events_subject ON events (subject, kind);

        CREATE TABLE runs (
            id TEXT NOT NULL PRIMARY KEY, node TEXT NOT NULL, event_sequence INTEGER NOT NULL, plan TEXT NOT NULL,
            service TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL, outcome TEXT NOT NULL,
            source_count INTEGER NOT NULL, failed_count INTEGER NOT NULL, bytes INTEGER NOT NULL,
            added_bytes INTEGER NOT NULL, configuration_digest TEXT NOT NULL, actor TEXT
        ) STRICT;
        CREATE INDEX runs_started ON runs (started);
        CREATE TABLE recovery_points (
            id TEXT NOT NULL PRIMARY KEY, node TEXT NOT NULL, event_sequence INTEGER NOT NULL, plan TEXT NOT NULL,
            service TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL, is_whole INTEGER NOT NULL,
            bytes INTEGER NOT NULL, added_bytes INTEGER NOT NULL, parts TEXT NOT NULL
        ) STRICT;
        CREATE INDEX recovery_points_started ON recovery_points (started);
        CREATE TABLE forgotten_points (
            event TEXT NOT NULL, point_id TEXT NOT NULL, time TEXT NOT NULL, PRIMARY KEY (event, point_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX forgotten_points_point ON forgotten_points (point_id);
        CREATE TABLE restores (
            event TEXT NOT NULL PRIMARY KEY, time TEXT NOT NULL, point_id TEXT, sources TEXT NOT NULL,
            target TEXT NOT NULL, outcome TEXT NOT NULL, started TEXT, timeline INTEGER, position TEXT,
            skew_s REAL, mask TEXT, unmasked_reason TEXT, erased_count INTEGER, actor TEXT
        ) STRICT;
        CREATE TABLE verifications (
            event TEXT NOT NULL PRIMARY KEY, point_id TEXT NOT NULL, plan TEXT NOT NULL, started TEXT NOT NULL,
            ended TEXT NOT NULL, verdict TEXT NOT NULL, bytes INTEGER NOT NULL, parts TEXT NOT NULL, actor TEXT
        ) STRICT;
        CREATE INDEX verifications_point ON verifications (point_id);

        CREATE TABLE disaster_recovery_tests (
            id TEXT NOT NULL PRIMARY KEY, scenario TEXT NOT NULL, environment TEXT NOT NULL, attended INTEGER NOT NULL,
            data_kind TEXT NOT NULL, data_bytes INTEGER, scale_percent REAL, point_id TEXT, target_position TEXT,
            fault_at TEXT, detected_at TEXT, declared_at TEXT, degraded_at TEXT, recovered_at TEXT,
            rto_degraded_objective_s REAL, rto_degraded_s REAL, rto_full_objective_s REAL, rto_full_s REAL,
            human_s REAL, rpo_objective_s REAL, rpo_database_s REAL, rpo_files_s REAL, lost_after_fault INTEGER,
            holes INTEGER, verdict TEXT NOT NULL, versions TEXT NOT NULL, runbook_digest TEXT,
            plan_changed_since_last INTEGER, report_object TEXT, event_sequence INTEGER NOT NULL, performed_by TEXT,
            approved_by TEXT
        ) STRICT;
        CREATE TABLE disaster_recovery_steps (
            test_id TEXT NOT NULL, step TEXT NOT NULL, host TEXT NOT NULL, phase TEXT NOT NULL, started TEXT NOT NULL,
            ended TEXT, exit INTEGER, attempts INTEGER NOT NULL, log_object TEXT
        ) STRICT;
        CREATE INDEX disaster_recovery_steps_test ON disaster_recovery_steps (test_id);
        CREATE TABLE disaster_recovery_reasons (
            test_id TEXT NOT NULL, number INTEGER NOT NULL, verdict TEXT NOT NULL, code TEXT NOT NULL,
            message TEXT NOT NULL, PRIMARY KEY (test_id, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE alerts (
            event TEXT NOT NULL PRIMARY KEY, time TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        """
}
