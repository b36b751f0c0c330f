import Configuration
import DataSources
import Drills
import Recovery

/// What configurations of production say is production's: where its data lies, its servers are reached, and its backups are kept.
struct ProductionConfigurations {
    let context: CommandContext

    /// Adds it to what an environment's file names. A file that is not on this machine says nothing.
    ///
    /// - Throws: what keeps a file that is here from being understood: then nothing can be compared with it.
    func added(to environment: DrillEnvironment) throws -> DrillEnvironment {
        var environment = environment
        let resolver = SecretResolver(environment: context.environment)
        for path in environment.production.configurations {
            guard let text = try ConfigurationFile.read(path, isRequired: false) else { continue }
            let configuration = try LifeboatConfiguration(
                text: text, file: path, hostname: context.hostname, resolve: resolver.source)
            environment.production.paths.append(configuration.state)
            environment.production.paths += configuration.stores.map(\.repository).filter { $0.hasPrefix("/") }
            for source in configuration.sources { Self.add(source.settings, to: &environment.production) }
        }
        return environment
    }

    private static func add(_ settings: SourceSettings, to production: inout DrillEnvironment.Production) {
        switch settings {
        case .files(let files): production.paths += files.paths
        case .sqlite(let database): production.paths.append(database.file)
        case .mariadb(let server): add(server.server, server.dataFolder, to: &production)
        case .postgresql(let server): add(server.server, server.dataFolder, to: &production)
        case .redis(let server): add(server.server, nil, to: &production)
        }
    }

    /// Its data folder is here only when the server is.
    private static func add(
        _ server: ServerAddress, _ dataFolder: String?, to production: inout DrillEnvironment.Production
    ) {
        if let socket = server.socket { production.paths.append(socket) }
        let isHere =
            server.socket != nil || server.host.hasPrefix("127.") || ["localhost", "::1"].contains(server.host)
        if isHere, let dataFolder { production.paths.append(dataFolder) }
        if !isHere { production.addresses.append(server.host) }
    }
}
