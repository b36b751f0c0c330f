import DataSources
import Recovery
import Settings

/// The keys of a source. Defaults are those of the modules that read sources.
struct SourceFields {
    let resolve: LifeboatConfiguration.SecretResolver

    init(_ resolve: @escaping LifeboatConfiguration.SecretResolver) { self.resolve = resolve }

    /// One kind of source by the word in `kind:`.
    var kind: SettingKind<ProtectedSource> {
        .variants(
            by: "kind", help: "what it is",
            SourceKind.allCases.map { kind in (name: kind.rawValue, body: { source(kind, $0) }) })
    }

    private func source(_ kind: SourceKind, _ fields: Fields) -> ProtectedSource {
        var source = ProtectedSource(name: "", settings: settings(kind, fields))
        source.objective = fields.section("objective", help: "what is promised", Objective.init)
        if kind.answersQueries {
            source.assertions = fields(
                "assertions", .list(of: .object(Assertion.init)),
                help: "questions that a restored copy must answer with yes", default: [])
            source.reconcile = fields.optional(
                "reconcile", .object(ReconcileSettings.init), help: "how rows and files are compared")
        }
        if kind.isServerWithPins {
            source.pins = fields.section(
                "pins", help: "tables that are counted and hashed after a backup, to compare a restore with",
                PinSettings.init)
        }
        source.optionFile = fields.optional(
            "option-file", .path,
            help: "file that the live server reads options from, for what a rewind in place must set")
        if kind.hasLog {
            source.journal =
                fields.optional(
                    "journal", .switched { JournalSettings($0, hasServerID: kind == .mariadb) },
                    help: "archive the log all the time, so that any second can be restored; `true` for the defaults")
                ?? nil
            if case .mariadb(var settings) = source.settings {
                settings.followerID = source.journal?.serverID
                settings.followsLog = source.journal != nil
                source.settings = .mariadb(settings)
            }
        }
        source.restoreClass = fields(
            "restore-class", .choice(RestoreClass.self),
            help: "first: comes back before all that is `rest`, so that a degraded service is up early",
            default: source.restoreClass)
        source.stop = fields.optional(
            "stop", .text, help: "shell command that stops the live service for an exchange in place")
        source.start = fields.optional("start", .text, help: "shell command that starts it again")
        return source
    }

    private func settings(_ kind: SourceKind, _ fields: Fields) -> SourceSettings {
        switch kind {
        case .files: .files(FileSettings(fields))
        case .mariadb: .mariadb(mariadb(fields))
        case .postgresql: .postgresql(postgresql(fields))
        case .redis: .redis(redis(fields))
        case .sqlite: .sqlite(SQLiteSettings(file: fields.required("file", .path, help: "the database file")))
        }
    }

    private func password(_ fields: Fields, _ without: String) -> SecretSource? {
        fields.optional("password", .secret, help: "password of the account; \(without)").map(resolve)
    }

    private func mariadb(_ fields: Fields) -> MariaDBSettings {
        var settings = MariaDBSettings()
        settings.server = ServerAddress(fields, settings.server, socket: "the server's socket")
        settings.user = fields("user", .line, help: "the backup account", default: settings.user)
        settings.password = password(fields, "unix_socket authentication without")
        settings.method = fields(
            "method", .choice(DatabaseMethod.self), help: "physical: table files; logical: SQL",
            default: settings.method)
        settings.databases = fields.databases()
        settings.usesSmallBlocks = fields.smallBlocks()
        settings.dataFolder = fields(
            "data-folder", .path, help: "the live data folder, for restores in place", default: settings.dataFolder)
        settings.systemUser = fields.systemUser(settings.systemUser)
        settings.toolFolder = fields.optional(
            "tool-folder", .path, help: "folder of the engine's tools, when they are not in PATH")
        settings.logBin = fields.optional(
            "log-bin", .line, help: "the server's log_bin, when its option files are not the system's own")
        return settings
    }

    private func postgresql(_ fields: Fields) -> PostgreSQLSettings {
        var settings = PostgreSQLSettings()
        settings.server = ServerAddress(fields, settings.server, socket: "the folder that the socket is in")
        settings.user = fields("user", .line, help: "the backup account", default: settings.user)
        settings.password = password(fields, "peer authentication without")
        settings.method = fields(
            "method", .choice(DatabaseMethod.self), help: "physical: table files; logical: pg_dump",
            default: settings.method)
        settings.databases = fields.databases()
        settings.maintenanceDatabase = fields(
            "maintenance-database", .line, help: "the database to connect to when any will do",
            default: settings.maintenanceDatabase)
        settings.usesSmallBlocks = fields.smallBlocks()
        settings.dataFolder = fields(
            "data-folder", .path, help: "the live data folder, for restores in place", default: settings.dataFolder)
        settings.systemUser = fields.systemUser(settings.systemUser)
        settings.toolFolder = fields.optional(
            "tool-folder", .path,
            help: "folder of the engine's tools; looked for below /usr/lib/postgresql by default")
        return settings
    }

    private func redis(_ fields: Fields) -> RedisSettings {
        var settings = RedisSettings()
        settings.server = ServerAddress(fields, settings.server, socket: "the server's socket")
        settings.user = fields.optional("user", .line, help: "ACL user; the default user without")
        settings.password = password(fields, "none is sent without")
        settings.role = fields(
            "role", .choice(RedisRole.self),
            help:
                "cache: not backed up; sessions: started empty after a rewind; queue: restored paused; store: restored",
            default: settings.role)
        settings.dumpFile = fields(
            "dump-file", .path, help: "the live dump file, for restores in place", default: settings.dumpFile)
        settings.systemUser = fields.systemUser(settings.systemUser)
        return settings
    }
}

extension SourceKind {
    /// Can a restored copy be asked in SQL?
    var answersQueries: Bool { self == .mariadb || self == .postgresql || self == .sqlite }
    /// Are its tables pinned on the live server?
    var isServerWithPins: Bool { self == .mariadb || self == .postgresql }
    /// Has it a log that can be followed?
    var hasLog: Bool { self == .mariadb || self == .postgresql }
}

extension Fields {
    fileprivate func databases() -> [String] {
        self(
            "databases", .list(of: .line), help: "databases of a logical backup; all but the system's own by default",
            default: [])
    }

    fileprivate func smallBlocks() -> Bool {
        self(
            "small-blocks", .boolean,
            help: "cut table files in 16 KiB blocks instead of 64 KiB: less is stored after a change, more is listed",
            default: false)
    }

    fileprivate func systemUser(_ name: String) -> String {
        self("system-user", .line, help: "the account its files belong to after a restore", default: name)
    }
}
