import ObjectStore
import TestSupport
import Testing

/// Where the repository of a test lies.
enum Place: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case directory
    case gateway

    var testDescription: String { self == .directory ? "in a directory" : "in S3 (Ceph RGW)" }

    /// Both, where a gateway is installed or `CI` is set.
    static var all: [Place] { S3Server.Kind.gateway.isExpected ? [.directory, .gateway] : [.directory] }
}

/// A store for one test, and how restic calls it.
struct PlacedStore: Sendable {
    let store: any ObjectStore
    let address: String
    let variables: [String: String]

    init(_ place: Place, in folder: ScratchFolder) async throws {
        switch place {
        case .directory:
            let directory = DirectoryStore(root: folder("repository"))
            try await directory.makeRoot()
            store = directory
            address = folder("repository")
            variables = [:]
        case .gateway:
            let server = try await S3Server.shared()
            let prefix = S3Server.freshPrefix()
            store = try server.store(prefix: prefix)
            address = server.address(prefix: prefix)
            variables = server.variables
        }
    }
}
