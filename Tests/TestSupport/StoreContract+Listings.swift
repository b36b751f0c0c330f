import ObjectStore
import Testing

extension StoreContract {
    static let listings: [Claim] = [
        Claim("an empty store lists nothing") { store async throws in
            #expect(try await store.list(prefix: "", after: nil, limit: 1000) == ListPage(objects: [], hasMore: false))
            #expect(try await store.list(prefix: "data/", after: "data/x", limit: 1).objects.isEmpty)
        },
        Claim("names come in the order of their bytes, folders or not") { store async throws in
            let names = ["b/1", "b-a", "b.a", "b0", "a/z/z", "a/z-", "a/z0", "B", "~", "ü", "z", "a/A", "b/0/1"]
            for name in names { try await store.put(name, Array(name.utf8)) }
            let sorted = utf8(names).sorted { $0.lexicographicallyPrecedes($1) }
            let all = try await store.list(prefix: "")
            #expect(utf8(all.map(\.name)) == sorted)
            #expect(all.map(\.byteCount) == sorted.map { UInt64($0.count) })
            for limit in 1...4 {
                var paged = [ObjectInfo]()
                while true {
                    let page = try await store.list(prefix: "", after: paged.last?.name, limit: limit)
                    #expect(page.objects.count <= limit)
                    paged += page.objects
                    if !page.hasMore { break }
                    #expect(page.objects.count == limit, "a page that is not the last is full")
                }
                #expect(paged == all, "pages of \(limit)")
            }
        },
        Claim("a prefix need not end at a slash, nor exist") { store async throws in
            for name in ["data/aa/1", "data/ab/1", "data/ab/2", "data/b", "dat", "index/1"] {
                try await store.put(name, [1])
            }
            func names(_ prefix: String) async throws -> [String] { try await store.list(prefix: prefix).map(\.name) }
            #expect(try await names("data/a") == ["data/aa/1", "data/ab/1", "data/ab/2"])
            #expect(try await names("data/ab/") == ["data/ab/1", "data/ab/2"])
            #expect(try await names("data/ab") == ["data/ab/1", "data/ab/2"])
            #expect(try await names("data/ab/2") == ["data/ab/2"])
            #expect(try await names("dat") == ["dat", "data/aa/1", "data/ab/1", "data/ab/2", "data/b"])
            for none in ["data/ac", "data/ab/1/", "x", "data//", "/", "../", "data/../", "index/1/2"] {
                #expect(try await names(none).isEmpty, "\(none)")
            }
        },
        Claim("a listing begins after any name, there or not") { store async throws in
            let names = ["a", "b/1", "b/3", "b/5/x", "c/1", "d"]
            for name in names { try await store.put(name, [1]) }
            for after in [
                "", "a", "a0", "b", "b/", "b/1", "b/2", "b/3", "b/5", "b/5/", "b/5/x", "b/9", "b0", "c", "d", "e",
            ] {
                let expected = names.filter { after.utf8.lexicographicallyPrecedes($0.utf8) }
                let page = try await store.list(prefix: "", after: after, limit: 1000)
                #expect(page == ListPage(objects: expected.map { ObjectInfo(name: $0, byteCount: 1) }, hasMore: false))
                let below = try await store.list(prefix: "b/", after: after, limit: 1000)
                #expect(
                    below.objects.map(\.name) == expected.filter { $0.utf8.starts(with: "b/".utf8) }, "after \(after)")
            }
        },
        Claim("a listing of more than a page has everything once") { store async throws in
            let names = (0..<1100).map { "many/\($0 % 7)/\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        for index in stride(from: part, to: names.count, by: 8) {
                            try await store.put(names[index], [1])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sorted = utf8(names).sorted { $0.lexicographicallyPrecedes($1) }
            #expect(try await utf8(store.list(prefix: "many/").map(\.name)) == sorted)
            let first = try await store.list(prefix: "many/", after: nil, limit: 1000)
            #expect(first.objects.count == 1000)
            #expect(first.hasMore)
        },
        Claim("deleting what was listed does not hide the rest") { store async throws in
            for index in 0..<30 { try await store.put("gone/\(100 + index)", [1]) }
            var seen = 0
            var after: String?
            while true {
                let page = try await store.list(prefix: "gone/", after: after, limit: 7)
                seen += page.objects.count
                after = page.objects.last?.name
                try await store.delete(page.objects.map(\.name))
                if !page.hasMore { break }
            }
            #expect(seen == 30)
            #expect(try await store.list(prefix: "gone/").isEmpty)
        },
    ]
}
