import DataSources
import Trees

struct FileSource: DataSource {
    let name: String; let settings: FileSettings; let environment: SourceEnvironment; let previousFileCount: UInt64?
    var kind: SourceKind { .files }
    func examine() async -> [Finding] { [] }
    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        let from = environment.now().rfc3339
        try await archive(
            .tree(try LocalTreeSource(paths: settings.paths.map { Array($0.utf8) }), paths: settings.paths))
        return SourceReading(method: "walk", consistentFrom: from, consistentTo: environment.now().rfc3339)
    }
}
struct NoneSource: DataSource {
    let name: String
    var kind: SourceKind { .files }
    func examine() async -> [Finding] { [] }
    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        fatalError()
    }
}
