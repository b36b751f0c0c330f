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
                return NoneSource(name: name)
            case .redis: return NoneSource(name: name)
            case .sqlite: return NoneSource(name: name)
            }
        },
        restorer: { source, environment in
            switch source.settings {
            case .files: return MariaDBRestorer(settings: MariaDBSettings(), environment: environment)
            case .mariadb(let settings): return MariaDBRestorer(settings: settings, environment: environment)
            case .postgresql: return MariaDBRestorer(settings: MariaDBSettings(), environment: environment)
            case .redis: return MariaDBRestorer(settings: MariaDBSettings(), environment: environment)
            case .sqlite: return MariaDBRestorer(settings: MariaDBSettings(), environment: environment)
            }
        })
}
