public import ObjectStore
public import Sealing

/// The journal of one source in a store: its names, and the key that seals what lies under them.
///
///     lifeboat/journal/<source>/<timeline>/<number, 12 digits>    segments and closings, one chain for each timeline
///     lifeboat/timelines/<source>/<timeline>                      what began when, and where it left what
public struct SourceJournal: Sendable {
    /// Where the objects are.
    public let store: any ObjectStore
    /// 16 hexadecimal digits that stand for the source's name: only holders of the repository's key can tell which it is.
    public let sourceID: String
    let repositoryID: String
    private let masterKey: SealingKey

    /// The journal of the source that the configuration calls `source`. `key` is the repository's master key.
    public init(store: any ObjectStore, repositoryID: String, key: SealingKey, source: String) {
        self.store = store
        self.repositoryID = repositoryID
        masterKey = key
        let name = String(decoding: source.utf8.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
        let secret = KeyDerivation.secret(key, purpose: "journal of \(name)", repositoryID: repositoryID, byteCount: 32)
        sourceID = String(secret.withBytes { Digest(in: $0, at: 0) }.hex.prefix(16))
    }

    /// The key for objects of a kind.
    func key(_ kind: String) -> SealingKey {
        KeyDerivation.hkdf(masterKey, purpose: kind, repositoryID: repositoryID)
    }

    // MARK: Names

    /// What the names of a timeline's segments begin with.
    func chainPrefix(_ timeline: UInt32) -> String { "lifeboat/journal/\(sourceID)/\(timeline)/" }

    /// The name of a segment.
    func name(_ timeline: UInt32, _ number: UInt64) -> String {
        let digits = String(number)
        return chainPrefix(timeline) + String(repeating: "0", count: max(12 - digits.count, 0)) + digits
    }

    /// The number in the name of a segment; nil for other names.
    func number(of name: String, on timeline: UInt32) -> UInt64? {
        let prefix = chainPrefix(timeline)
        guard name.hasPrefix(prefix), let number = UInt64(name.dropFirst(prefix.count)), number > 0,
            self.name(timeline, number) == name
        else { return nil }
        return number
    }

    /// What the names of the timelines' records begin with.
    var timelinePrefix: String { "lifeboat/timelines/\(sourceID)/" }
}
