import ObjectStore
import Testing

extension StoreContract {
    static let objects: [Claim] = [
        Claim("what was put is got back") { store async throws in
            for count in [0, 1, 100, 70_000, 3 << 20] {
                let bytes = bytes(count)
                try await store.put("data/ab/\(count)", bytes)
                #expect(try await same(store.get("data/ab/\(count)"), bytes))
                #expect(try await store.head("data/ab/\(count)").byteCount == UInt64(count))
            }
        },
        Claim("a slice is stored from its beginning to its end") { store async throws in
            let whole = bytes(5000)
            try await store.put("slice", whole[1000..<4000], digest: nil, condition: .always)
            #expect(try await store.get("slice") == Array(whole[1000..<4000]))
        },
        Claim("an existing object is replaced as a whole") { store async throws in
            try await store.put("config", bytes(3000))
            try await store.put("config", bytes(10, seed: 2))
            #expect(try await store.get("config") == bytes(10, seed: 2))
        },
        Claim("a missing object is not found by get, head or a ranged get") { store async throws in
            try await store.put("there", [1])
            await expect(.notFound) { _ = try await store.get("keys/none") }
            await expect(.notFound) { _ = try await store.get("keys/none", range: 0..<1) }
            await expect(.notFound) { _ = try await store.head("keys/none") }
            await expect(.notFound) { _ = try await store.get("there/below") }
        },
        Claim("ranges give the bytes asked for, and what there is of those beyond the end") { store async throws in
            let whole = bytes(1000)
            try await store.put("ranged", whole)
            for range in [0..<1, 0..<1000, 17..<18, 500..<1000, 999..<1000] {
                let got = try await store.get("ranged", range: UInt64(range.lowerBound)..<UInt64(range.upperBound))
                #expect(got == Array(whole[range]), "\(range)")
            }
            #expect(try await store.get("ranged", range: 900..<5000) == Array(whole[900...]))
            #expect(try await store.get("ranged", range: 7..<7).isEmpty)
        },
        Claim("a range that begins at or after the end is refused") { store async throws in
            try await store.put("short", bytes(10))
            try await store.put("empty", [])
            await expect(.invalidRange) { _ = try await store.get("short", range: 10..<11) }
            await expect(.invalidRange) { _ = try await store.get("short", range: 500..<600) }
            await expect(.invalidRange) { _ = try await store.get("empty", range: 0..<1) }
        },
        Claim("deleted objects are gone, missing ones are fine, others stay") { store async throws in
            for name in ["a", "b/1", "b/2", "c"] { try await store.put(name, [1, 2]) }
            try await store.delete(["a", "never", "b/2", "no/such"])
            try await store.delete("a")
            try await store.delete([])
            #expect(try await store.list(prefix: "").map(\.name) == ["b/1", "c"])
            await expect(.notFound) { _ = try await store.get("a") }
        },
        Claim("more than a thousand objects can be deleted at once") { store async throws in
            let names = (0..<1001).map { "many/\($0)" }
            for name in ["many/0", "many/999", "many/1000", "kept"] { try await store.put(name, [1]) }
            try await store.delete(names)
            #expect(try await store.list(prefix: "").map(\.name) == ["kept"])
        },
        Claim("names that break the rules are refused by every call") { store async throws in
            let long = String(repeating: "x", count: 901)
            for name in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "nul\0nul", long] {
                await expect(.invalidName) { try await store.put(name, [1]) }
                await expect(.invalidName) { _ = try await store.get(name) }
                await expect(.invalidName) { _ = try await store.head(name) }
                await expect(.invalidName) { try await store.delete(name) }
            }
            #expect(try await store.list(prefix: "").isEmpty)
        },
        Claim("odd names keep their bytes") { store async throws in
            try await checkNames(oddNames, in: store)
        },
        Claim("a name may be long") { store async throws in
            let parts = ["p", "q", "r", "s"].map { String(repeating: $0, count: 220) }
            try await checkNames([parts.joined(separator: "/"), String(repeating: "ü", count: 110)], in: store)
        },
        Claim("a name of 900 bytes may be one part", [.longParts]) { store async throws in
            try await checkNames([String(repeating: "n", count: 900)], in: store)
        },
        Claim("an object may lie beside objects below its name", [.nestedNames]) { store async throws in
            try await checkNames(["a", "a/b", "a/b/c", "a-b", "a0"], in: store)
        },
    ]

    /// Names that trip encoders.
    public static let oddNames = [
        "a b", " lead", "trail ", "plus+plus", "per%cent", "%41", "%2F", "a&b=c", "q?x", "hash#tag", "semi;colon",
        "col:on",
        "quote'\"", "<tag>&amp;", "back\\slash", "tilde~", "star*", "(paren)", "[brack]", "{brace}", "at@", "$dollar",
        "a,b",
        "caret^`|", "caf\u{e9}", "cafe\u{301}", "日本語/ファイル", "emoji-🛟", "...", "a..b", ".hidden", "dir/.x", "UPPER",
        "upper",
        "tab\tname",
    ]

    private static func checkNames(_ names: [String], in store: any ObjectStore) async throws {
        for (index, name) in names.enumerated() {
            try await store.put(name, bytes(index + 1, seed: UInt64(index + 1)))
        }
        for (index, name) in names.enumerated() {
            #expect(try await store.get(name) == bytes(index + 1, seed: UInt64(index + 1)), "\(name)")
            let info = try await store.head(name)
            #expect(utf8([info.name]) == utf8([name]))
            #expect(info.byteCount == UInt64(index + 1), "\(name)")
        }
        let sorted = utf8(names).sorted { $0.lexicographicallyPrecedes($1) }
        #expect(try await utf8(store.list(prefix: "").map(\.name)) == sorted)
        for (index, name) in names.enumerated() {
            let found = try await store.list(prefix: name)
            let expected = sorted.filter { $0.starts(with: name.utf8) }
            #expect(utf8(found.map(\.name)) == expected, "prefix \(name)")
            #expect(found.first?.byteCount == UInt64(index + 1))
        }
        try await store.delete(names)
        #expect(try await store.list(prefix: "").isEmpty)
    }
}
