import Configuration
import ObjectStore
import Repository
import Trees

extension RepositoryAccess {
    /// The store at the address. A directory that is not there is made only when `makesDirectory`.
    func store(makesDirectory: Bool = false) async throws -> any ObjectStore {
        let address = try address()
        if makesDirectory, case .directory(let path) = try StoreAddress(address) {
            try await DirectoryStore(root: path).makeRoot()
        }
        let environment = StoreEnvironment(variables: variables, homeFolder: context.environment["HOME"]) {
            [now = context.now] in now().seconds
        }
        return try StoreOpener.open(address, environment: environment, options: storeOptions)
    }

    /// The environment as the options change it.
    private var variables: [String: String] {
        var variables = context.environment
        if let keys = configured?.keys {
            (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]) = (keys.id, keys.secret)
            variables["AWS_SESSION_TOKEN"] = nil
        }
        if let profile = options.server.profile {
            variables["AWS_PROFILE"] = profile
            // Keys in the environment come before a profile; one that was asked for by name comes before them.
            for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] { variables[name] = nil }
        }
        return variables
    }

    private var storeOptions: StoreOpener.Options {
        var opening = configured?.settings.openerOptions ?? StoreOpener.Options()
        if let region = options.server.region { opening.region = region }
        if let file = options.server.caFile ?? opening.certificateFile ?? context.variable("LIFEBOAT_CA_FILE") {
            opening.certificateFile = file
        }
        switch options.server.hostStyle {
        case .auto: break
        case .path: opening.style = .path
        case .virtual: opening.style = .virtualHost
        }
        return opening
    }

    /// The repository with a cache on this machine in front, unless the options say otherwise; a directory is as near as its
    /// cache would be.
    func cached(_ repository: OpenRepository) throws -> OpenRepository {
        guard !options.cache.noCache, case .s3 = try StoreAddress(try address()), let folder = cacheFolder else {
            return repository
        }
        return repository.through(CachingStore(repository.store, directory: "\(folder)/\(repository.config.id)"))
    }

    /// Where caches are; nil when there is no home.
    private var cacheFolder: String? {
        if let folder = options.cache.cacheDir { return folder }
        if let folder = context.variable("XDG_CACHE_HOME"), folder.hasPrefix("/") { return folder + "/lifeboat" }
        return context.variable("HOME").map { $0 + "/.cache/lifeboat" }
    }
}

extension CommandContext {
    /// The value of a variable; nil when it is unset or empty.
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
