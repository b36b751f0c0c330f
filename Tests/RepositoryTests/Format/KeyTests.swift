import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Repository

@Suite("key files")
struct KeyTests {
    private func open(_ stage: Stage, _ password: String) async throws -> OpenRepository {
        try await Repository(store: stage.store).open(password: SecretBytes(password.utf8))
    }

    private func refusal(_ stage: Stage, _ password: String) async -> RepositoryError? {
        await #expect(throws: RepositoryError.self) { _ = try await open(stage, password) }
    }

    private func add(_ stage: Stage, _ password: String) async throws -> Digest {
        try await stage.repository.addKey(
            password: SecretBytes(password.utf8), parameters: Stage.scrypt, owner: Stage.keyOwner)
    }

    @Test("each opens the same repository with its own password, until it is removed")
    func several() async throws {
        let stage = try await Stage()
        let second = try await add(stage, "second")
        let third = try await add(stage, "third")
        for (password, digest) in [("second", second), ("third", third), (Stage.password, stage.repository.keyFile)] {
            let opened = try await open(stage, password)
            #expect(opened.keyFile == digest && opened.key.constantTimeEquals(stage.repository.key))
        }
        let entries = try await stage.repository.keys()
        #expect(entries.count == 3 && entries.filter(\.isCurrent).map(\.digest) == [stage.repository.keyFile])
        #expect(Set(entries.map(\.owner)) == [Stage.keyOwner])
        if Restic.isExpected { try await stage.restic("snapshots", password: "third") }

        try await stage.repository.removeKey(second)
        #expect(await refusal(stage, "second")?.code == .wrongPassword)
        let error = await #expect(throws: RepositoryError.self) {
            try await stage.repository.removeKey(stage.repository.keyFile)
        }
        #expect(error?.code == .keyNeeded)
        _ = try await open(stage, Stage.password)
    }

    @Test("of which one is given another password leave the old password useless")
    func change() async throws {
        let stage = try await Stage()
        let digest = try await stage.repository.changePassword(
            to: SecretBytes("new".utf8), parameters: Stage.scrypt, owner: Stage.keyOwner)
        #expect(try await stage.objects(Layout.keys) == [Layout.object(Layout.keys, digest)])
        #expect(await refusal(stage, Stage.password)?.code == .wrongPassword)
        _ = try await open(stage, "new")
    }

    @Test("are twenty at most, and all twenty are tried")
    func limit() async throws {
        let stage = try await Stage()
        for number in 1..<20 { _ = try await add(stage, "password \(number)") }
        let error = await #expect(throws: RepositoryError.self) { _ = try await add(stage, "one too many") }
        #expect(error?.code == .invalidArgument && error?.hint.contains("key remove") == true)
        for number in [1, 10, 19] { _ = try await open(stage, "password \(number)") }
        #expect(await refusal(stage, "none of them")?.message == "wrong password: none of 20 key files opens")
    }

    @Test("cut short or damaged are named, and do not keep another from opening", arguments: [0, 1, 100, -1])
    func truncated(count: Int) async throws {
        let stage = try await Stage()
        let name = try #require(try await stage.objects(Layout.keys).first)
        let bytes = try await stage.store.get(name)
        let second = try await add(stage, "second")
        try await stage.store.put(name, count < 0 ? bytes + [32] : Array(bytes.prefix(count)))
        let error = await refusal(stage, Stage.password)
        #expect(error?.code == .keyDamaged && error?.subject.contains(name) == true, "\(error.map(text) ?? "")")
        #expect(try await open(stage, "second").keyFile == second)
    }

    @Test(
        "with hostile scrypt parameters are refused before any work",
        arguments: [
            "\"N\":1099511627776", "\"N\":1073741824", "\"N\":1023", "\"N\":0", "\"N\":-8", "\"r\":1000000",
            "\"p\":100000000",
        ])
    func hostile(field: String) async throws {
        let stage = try await Stage()
        let name = try #require(try await stage.objects(Layout.keys).first)
        var json = String(decoding: try await stage.store.get(name), as: UTF8.self)
        let key = String(field.prefix(4))
        let start = try #require(json.firstRange(of: key)?.lowerBound)
        let end = try #require(json[start...].firstIndex { $0 == "," || $0 == "}" })
        json.replaceSubrange(start..<end, with: field)
        try await stage.store.delete(name)
        try await stage.store.put(Layout.object(Layout.keys, SHA256.digest(Array(json.utf8))), Array(json.utf8))
        let begin = ContinuousClock.now
        let error = await refusal(stage, Stage.password)
        #expect(error?.code == .keyDamaged, "\(error.map(text) ?? "")")
        #expect(begin.duration(to: .now) < .seconds(120))
    }

    @Test("that are no JSON, too large, or of a strange name are passed over or named")
    func strangers() async throws {
        let stage = try await Stage()
        try await stage.store.put(Layout.keys + "readme.txt", Array("hello".utf8))
        _ = try await open(stage, Stage.password)
        let junk = [UInt8](repeating: 0x20, count: 100_000)
        try await stage.store.put(Layout.object(Layout.keys, SHA256.digest(junk)), junk)
        _ = try await open(stage, Stage.password)
        #expect(await refusal(stage, "wrong")?.message.contains("far too large") == true)
    }

    @Test("wanted, and none there, is said so")
    func none() async throws {
        let stage = try await Stage()
        for name in try await stage.objects(Layout.keys) { try await stage.store.delete(name) }
        let error = await refusal(stage, Stage.password)
        #expect(error?.code == .keyDamaged && error?.message == "there is no key file")
    }
}

@Suite("a repository")
struct MakingTests {
    @Test(
        "is made once: neither over another nor over what is left of one",
        arguments: [Layout.config, Layout.keys, Layout.snapshots])
    func once(remains: String) async throws {
        let stage = try await Stage()
        try await stage.backup(ScriptedSource([("a", ScriptedSource.file([1]))]), as: "/made-up")
        for folder in [Layout.config, Layout.keys, Layout.snapshots] where folder != remains {
            for name in try await stage.objects(folder) { try await stage.store.delete(name) }
        }
        let before = try await stage.objects("")
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await Repository.create(
                in: stage.store, password: SecretBytes("x".utf8), parameters: Stage.scrypt, owner: Stage.keyOwner)
        }
        #expect(error?.code == .alreadyExists)
        #expect(try await stage.objects("") == before)
    }

    @Test("that is not there is said to be none, in a place that is there or not", arguments: [false, true])
    func none(isThere: Bool) async throws {
        let folder = try ScratchFolder("engine")
        let store = DirectoryStore(root: isThere ? folder.path : folder("nowhere"))
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await Repository(store: store).open(password: SecretBytes("x".utf8))
        }
        #expect(error?.code == .noRepository && error?.hint.contains("lifeboat init") == true)
    }

    @Test(
        "whose config is of a newer format, no JSON, reducible or of another key is refused",
        arguments: [
            (
                "{\"version\":3,\"id\":\"aa\",\"chunker_polynomial\":\"3da3358b4dc173\"}",
                RepositoryError.Code.unsupportedVersion
            ),
            ("{\"version\":2,\"id\":\"aa\",\"chunker_polynomial\":\"3da3358b4dc172\"}", .configDamaged),
            ("{\"version\":2,\"id\":\"../x\",\"chunker_polynomial\":\"3da3358b4dc173\"}", .configDamaged),
            ("{\"version\":2,\"chunker_polynomial\":\"3da3358b4dc173\"}", .configDamaged), ("[]", .configDamaged),
        ])
    func config(json: String, code: RepositoryError.Code) async throws {
        let stage = try await Stage()
        try await stage.store.put(Layout.config, stage.repository.ciphers.seal(Array(json.utf8)))
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await Repository(store: stage.store).open(password: SecretBytes(Stage.password.utf8))
        }
        #expect(error?.code == code)
    }

    @Test("reads nothing that does not have the digest which names it, after one more try")
    func digests() async throws {
        let stage = try await Stage()
        let result = try await stage.backup(ScriptedSource([("a", ScriptedSource.file([1]))]), as: "/made-up")
        let id = try #require(result.id)
        let faulty = FaultyStore(stage.store, plan: [.get: [.truncate(10)]])
        _ = try await stage.repository.through(faulty).snapshot(id)
        #expect(faulty.count(.get) == 2, "a transfer that failed is read again")
        let name = Layout.object(Layout.snapshots, id.digest)
        var bytes = try await stage.store.get(name)
        bytes[20] ^= 1
        try await stage.store.put(name, bytes)
        let error = await #expect(throws: RepositoryError.self) { _ = try await stage.repository.snapshot(id) }
        #expect(error?.code == .objectDamaged && error?.subject.contains(name) == true)
    }
}
