import DataSources

extension SourceFactory {
    /// The sources of module DataSources.
    public static let standard = SourceFactory(
        dataSource: { source, environment, previousFileCount in
            let name = source.name
            switch source.settings {
            case .files(let settings):
                return FileSource(
                    name: name, settings: settings, environment: environment, previousFileCount: previousFileCount)
            case .mariadb(let settings):
                return MariaDBSource(name: name, settings: settings, environment: environment)
            case .postgresql(let settings):
                return PostgreSQLSource(name: name, settings: settings, environment: environment)
            case .redis(let settings): return RedisSource(name: name, settings: settings, environment: environment)
            case .sqlite(let settings): return SQLiteSource(name: name, settings: settings, environment: environment)
            }
        },
        restorer: { source, environment in
            switch source.settings {
            case .files(let settings): return FileRestorer(settings: settings, environment: environment)
            case .mariadb(let settings): return MariaDBRestorer(settings: settings, environment: environment)
            case .postgresql(let settings): return PostgreSQLRestorer(settings: settings, environment: environment)
            case .redis(let settings): return RedisRestorer(settings: settings, environment: environment)
            case .sqlite(let settings): return SQLiteRestorer(settings: settings, environment: environment)
            }
        })
}
