import Catalog
import Configuration
import FoundationEssentials
import Ledger
import Recovery
import Repository
import Trees

/// Opens the catalog of a configuration, beside the state that it lies with.
struct CatalogAccess {
    let context: CommandContext
    let options: GlobalOptions

    /// The catalog and how it was brought up to date; nil when it was not.
    struct Opened {
        let catalog: Catalog
        let configuration: LifeboatConfiguration
        let update: CatalogUpdate?
    }

    /// Where the catalog is. Each store has a ledger, so where there are several each has a catalog, too.
    static func path(_ configuration: LifeboatConfiguration, store: String) -> String {
        let name =
            configuration.stores.count == 1
            ? Catalog.fileName : Catalog.fileName.replacing(".sqlite", with: "-\(store).sqlite")
        return "\(configuration.state)/\(name)"
    }

    /// The configuration, and where its catalog is.
    func place() async throws -> (configuration: LifeboatConfiguration, path: String) {
        let configuration = try await ConfigurationAccess(context: context, options: options).load()
        let store = try RecoveryAccess.storeSettings(configuration, named: options.store).name
        return (configuration, CatalogAccess.path(configuration, store: store))
    }

    /// Opens it, and takes in what is new; offline it stays as it is, and no store is asked.
    ///
    /// - Throws: `CatalogError`, what the store says; `invalidArgument` offline when there is none.
    func open(offline isOffline: Bool = false) async throws -> Opened {
        guard isOffline else { return try await open { try await $0.update(from: $1) } }
        let (configuration, path) = try await place()
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError(
                .invalidArgument, "there is no catalog on this machine yet", subject: path,
                hint: "`lifeboat catalog update` makes it; it needs the store")
        }
        return Opened(catalog: try await Catalog.open(at: path), configuration: configuration, update: nil)
    }

    /// Makes it anew. A file that cannot be opened is removed first.
    func rebuild() async throws -> Opened {
        let path = try await place().path
        do {
            _ = try await Catalog.open(at: path)
        } catch let error as CatalogError {
            guard error.code == .catalogTooNew || error.code == .catalogUnusable else { throw error }
            try Catalog.remove(at: path)
        }
        return try await open { try await $0.rebuild(from: $1) }
    }

    private func open(_ update: (Catalog, LedgerFeed) async throws -> CatalogUpdate) async throws -> Opened {
        let opened = try await RecoveryAccess(context: context, options: options).open()
        let configuration = opened.configuration
        let repository = opened.recovery.repository
        let now = context.now
        let ledger = try Ledger(
            store: repository.store, repositoryID: repository.config.id, key: repository.key,
            node: Ledger.node(named: configuration.node), folder: configuration.state + "/ledger"
        ) { EventTime(seconds: now().seconds, nanoseconds: now().nanoseconds) }
        try FileManager.default.createDirectory(
            atPath: configuration.state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        let store = try RecoveryAccess.storeSettings(configuration, named: options.store).name
        let catalog = try await Catalog.open(at: CatalogAccess.path(configuration, store: store))
        let update = try await update(catalog, LedgerFeed(ledger))
        for problem in update.problems {
            context.output.message("warning: an event is left out: \(problem)")
        }
        return Opened(catalog: catalog, configuration: configuration, update: update)
    }
}

extension CatalogError: DescribedError {
    var kind: String { code.rawValue }
    var exitStatus: ExitStatus { code == .drillUnknown ? .usage : .failed }
}
