import Glibc
import ObjectStore
import TestSupport
import Testing

@Suite("a directory as a store")
struct DirectoryStoreTests {
    let folder: TemporaryFolder
    let store: DirectoryStore

    init() throws {
        folder = try TemporaryFolder("directory-store")
        store = DirectoryStore(root: folder.path)
    }

    @Test("keeps the contract", arguments: StoreContract.claims(except: .nestedNames, .longParts))
    func contract(claim: StoreContract.Claim) async throws {
        try await claim.check(store)
    }

    @Test("a missing directory is said to be missing by every call")
    func missingRoot() async throws {
        let store = DirectoryStore(root: folder.path + "/gone")
        await StoreContract.expect(.storeMissing) { try await store.put("a/b", [1]) }
        await StoreContract.expect(.storeMissing) { _ = try await store.get("a") }
        await StoreContract.expect(.storeMissing) { _ = try await store.head("a") }
        await StoreContract.expect(.storeMissing) { try await store.delete("a") }
        await StoreContract.expect(.storeMissing) { _ = try await store.list(prefix: "") }
        await StoreContract.expect(.storeMissing) { _ = try await store.list(prefix: "a/b") }
        try await store.makeRoot()
        try await store.makeRoot()
        try await store.put("a/b", [1])
        #expect(mode("gone") == 0o700)
    }

    @Test("files are 0400 and folders 0700")
    func modes() async throws {
        try await store.put("data/ab/x", [1])
        #expect(mode("data/ab/x") == 0o400)
        #expect(mode("data/ab") == 0o700)
        #expect(mode("data") == 0o700)
    }

    @Test("where config is readable by the group, so is the rest")
    func sharedModes() async throws {
        try await store.put("config", [1])
        chmod(folder.path + "/config", 0o440)
        try await store.put("data/ab/x", [1])
        #expect(mode("data/ab/x") == 0o440)
        #expect(mode("data/ab") == 0o770)
    }

    @Test("leftovers of a crash are not listed and their names are refused")
    func leftovers() async throws {
        try await store.put("data/ab/x", [1])
        try write("half", to: "data/ab/y-tmp-123456")
        try write("half", to: "config-tmp-9")
        try write("whole", to: "config-tmp-9a")
        #expect(try await store.list(prefix: "").map(\.name) == ["config-tmp-9a", "data/ab/x"])
        await StoreContract.expect(.invalidName) { try await store.put("y-tmp-123", [1]) }
    }

    @Test("nothing but the objects is left in the folders")
    func noRubbish() async throws {
        try await store.put("a/one", [1])
        await StoreContract.expect(.alreadyExists) {
            try await store.put("a/one", [2][...], digest: nil, condition: .ifAbsent)
        }
        await StoreContract.expect(.invalidName) { try await store.put("a", [1]) }
        await StoreContract.expect(.invalidName) { try await store.put("a/one/two", [1]) }
        #expect(entries("") == ["a"])
        #expect(entries("a") == ["one"])
    }

    @Test("names that are not UTF-8 and links to nowhere are not listed")
    func foreignFiles() async throws {
        try await store.put("good", [1])
        let bad = Array(folder.path.utf8CString.dropLast()) + [0x2f, -1, -2, 0]
        close(open(bad, O_CREAT | O_WRONLY, 0o600))
        symlink("/nowhere/at/all", folder.path + "/link")
        #expect(try await store.list(prefix: "").map(\.name) == ["good"])
    }

    @Test("a full disk is said to be full, and nothing is left of the object")
    func fullDisk() async throws {
        let mounted = folder.path + "/small"
        mkdir(mounted, 0o700)
        guard mount("none", mounted, "tmpfs", 0, "size=1m") == 0 else {
            try Test.cancel("needs the right to mount")
        }
        defer { umount(mounted) }
        let small = DirectoryStore(root: mounted)
        await StoreContract.expect(.noSpace) { try await small.put("big", StoreContract.bytes(2 << 20)) }
        #expect(try await small.list(prefix: "").isEmpty)
        #expect(entries("small") == [])
        try await small.put("fits", StoreContract.bytes(500_000))
    }

    @Test("a store that may only be read says what it was denied")
    func readOnly() async throws {
        let mounted = folder.path + "/frozen"
        mkdir(mounted, 0o700)
        guard mount("none", mounted, "tmpfs", UInt(MS_RDONLY), nil) == 0 else {
            try Test.cancel("needs the right to mount")
        }
        defer { umount(mounted) }
        let error = await #expect(throws: StoreError.self) { try await DirectoryStore(root: mounted).put("a", [1]) }
        #expect(error?.code == .accessDenied)
        #expect(error?.message == "could not create a: read-only file system")
    }

    @Test("pages of a large folder see what was written between them")
    func largeFolder() async throws {
        for index in 1000..<2500 { try write("", to: "n\(index)") }
        let first = try await store.list(prefix: "", after: nil, limit: 1000)
        #expect(first.objects.last?.name == "n1999")
        try await store.put("n1999a", [1])
        try write("", to: "n2000b")
        let second = try await store.list(prefix: "", after: "n1999", limit: 1000)
        #expect(second.objects.count == 502)
        #expect(second.objects.first?.name == "n1999a")
        #expect(second.objects.contains { $0.name == "n2000b" })
    }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat(folder.path + "/" + name, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private func write(_ text: String, to name: String) throws {
        let file = try #require(fopen(folder.path + "/" + name, "w"))
        fputs(text, file)
        fclose(file)
    }

    private func entries(_ name: String) -> [String] {
        guard let stream = opendir(folder.path + "/" + name) else { return [] }
        defer { closedir(stream) }
        var found = [String]()
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { found.append(name) }
        }
        return found.sorted()
    }
}
