import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing

@Suite("caching")
struct CachingStoreTests {
    private let folder: TemporaryFolder
    private let behind: FaultyStore
    private let store: CachingStore
    private let bytes = StoreContract.bytes(5000)
    private let name: String

    init() throws {
        folder = try TemporaryFolder("caching")
        mkdir(folder.path + "/store", 0o700)
        behind = FaultyStore(DirectoryStore(root: folder.path + "/store"))
        store = CachingStore(behind, directory: folder.path + "/cache/deep")
        name = "index/" + SHA256.digest(bytes).hex
    }

    private var cached: String { folder.path + "/cache/deep/" + name }

    @Test("keeps the contract", arguments: StoreContract.claims(except: .nestedNames, .longParts))
    func contract(claim: StoreContract.Claim) async throws {
        try await claim.check(CachingStore(behind, directory: folder.path + "/cache", keeps: { _ in true }))
    }

    @Test("what was got or put once is not fetched again, whole or in part")
    func hits() async throws {
        try await behind.put(name, bytes)
        #expect(try await store.get(name) == bytes)
        #expect(try await store.get(name) == bytes)
        #expect(try await store.get(name, range: 100..<200) == Array(bytes[100..<200]))
        #expect(try await store.get(name, range: 4999..<9999) == [bytes[4999]])
        await StoreContract.expect(.invalidRange) { _ = try await store.get(name, range: 5000..<5001) }
        #expect(behind.count(.get) == 1)
        let other = StoreContract.bytes(10, seed: 3)
        try await store.put("snapshots/" + SHA256.digest(other).hex, other)
        #expect(try await store.get("snapshots/" + SHA256.digest(other).hex) == other)
        #expect(behind.count(.get) == 1)
    }

    @Test(
        "names without a digest, and kinds that are not asked for, are not kept",
        arguments: ["config", "index/x", "data/aa/"])
    func misses(prefix: String) async throws {
        let name = prefix.hasSuffix("/") ? prefix + SHA256.digest(bytes).hex : prefix
        try await store.put(name, bytes)
        _ = try await store.get(name)
        _ = try await store.get(name)
        #expect(behind.count(.get) == 2)
    }

    @Test("a damaged file of the cache is passed over and replaced")
    func damaged() async throws {
        try await store.put(name, bytes)
        chmod(cached, 0o600)
        let file = open(cached, O_WRONLY)
        pwrite(file, "x", 1, 17)
        close(file)
        #expect(try await store.get(name) == bytes)
        #expect(try await store.get(name) == bytes)
        #expect(behind.count(.get) == 1)
    }

    @Test("an object that is not what its name says is given as it is and not kept")
    func wrongObject() async throws {
        try await behind.put(name, [1, 2, 3])
        #expect(try await store.get(name) == [1, 2, 3])
        #expect(access(cached, F_OK) != 0)
    }

    @Test("a cache that cannot be is no error", arguments: ["/dev/null/cache", "/proc/nowhere"])
    func unwritable(directory: String) async throws {
        let store = CachingStore(behind, directory: directory)
        try await store.put(name, bytes)
        #expect(try await store.get(name) == bytes)
        #expect(try await store.get(name, range: 0..<1) == [bytes[0]])
        await store.retain(only: [])
        try await store.delete(name)
        await StoreContract.expect(.notFound) { _ = try await store.get(name) }
    }

    @Test("what is no longer listed is dropped, and what was deleted is gone")
    func retain() async throws {
        let other = StoreContract.bytes(10, seed: 3)
        let second = "index/" + SHA256.digest(other).hex
        try await store.put(name, bytes)
        try await store.put(second, other)
        await store.retain(only: [second], prefix: "index/")
        #expect(access(cached, F_OK) != 0)
        #expect(access(folder.path + "/cache/deep/" + second, F_OK) == 0)
        try await store.delete(second)
        await StoreContract.expect(.notFound) { _ = try await store.get(second) }
    }
}
