public import ObjectStore

/// Proves that credentials cannot write: by trying to. What permissions say proves nothing, least of all to root.
public struct WriteRefusal: Sendable {
    /// Where a repository has objects: credentials may be allowed to write in some of these places and not in others.
    private static let places = ["", "data/00/", "index/", "snapshots/", "locks/", "keys/", "lifeboat/points/"]

    private let store: any ObjectStore

    /// Proves it of what `store` is reached with.
    public init(_ store: any ObjectStore) { self.store = store }

    /// Tries to store an object under a name of its own in each place, and to remove it. Gives why it is not proven; nil when all
    /// of it was refused. What was stored all the same is removed.
    public func prove() async -> String? {
        let word = EnvironmentToken().text.prefix(32)
        for place in Self.places {
            let name = "\(place)write-refusal-\(word)"
            do {
                try await store.put(name, Array("a drill must not be able to write this".utf8))
            } catch {
                guard error.code == .accessDenied else {
                    return "writing \(name) failed in another way: \(error.message)"
                }
                continue
            }
            let isRemoved = (try? await store.delete(name)) != nil
            return "\(name) could be written"
                + (isRemoved ? ", and was removed again" : " and is still there: remove it")
        }
        return await deletion("data/00/write-refusal-\(word)")
    }

    /// A directory that cannot be written to cannot be deleted from, and says nothing of names that are not there. A service keeps a
    /// right of its own for it.
    private func deletion(_ name: String) async -> String? {
        guard store.location.hasPrefix("s3:") else { return nil }
        do {
            try await store.delete(name)
        } catch {
            return error.code == .accessDenied ? nil : "removing \(name) failed in another way: \(error.message)"
        }
        return "its objects may be removed with these credentials"
    }
}
