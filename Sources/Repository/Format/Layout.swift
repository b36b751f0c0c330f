public import Sealing

/// Where a repository keeps its objects: restic's default layout, and ours under `lifeboat/`, which restic leaves alone.
public enum Layout {
    /// The one object that makes a prefix a repository.
    public static let config = "config"
    /// Key files.
    public static let keys = "keys/"
    /// Packs, in 256 folders by the first byte of their name.
    public static let packs = "data/"
    /// Index files.
    public static let indexes = "index/"
    /// Snapshots.
    public static let snapshots = "snapshots/"
    /// Locks.
    public static let locks = "locks/"
    /// What the second run of prune may delete, by generation.
    public static let removals = "lifeboat/removals/"

    /// The name of a pack: `data/3f/3fa9…`.
    public static func pack(_ id: PackID) -> String {
        let hex = id.hex
        return "data/\(hex.prefix(2))/\(hex)"
    }

    /// The name of an object whose folder holds nothing but objects named by their digest.
    public static func object(_ folder: String, _ digest: Digest) -> String {
        folder + digest.hex
    }

    /// The digest that is the last part of a name; nil for names of any other form, which are not ours to touch.
    public static func digest(of name: String) -> Digest? {
        guard let slash = name.lastIndex(of: "/") else { return nil }
        return Digest(hex: name[name.index(after: slash)...])
    }
}
