import Configuration
import FoundationEssentials
import Settings
import Testing

@Suite("Example and schema")
struct ExampleTests {
    @Test("the example has no problem and no warning")
    func clean() throws {
        let file = try Files.read(LifeboatConfiguration.example)
        #expect(file.warnings.isEmpty && file.sources.count == 5 && file.plans.count == 1)
    }

    /// Walks a value beside its schema: every key is described, every required key is there.
    private func check(_ value: SettingsValue, _ schema: SettingsValue, _ path: String) {
        var schema = schema
        let variants = schema["oneOf"]?.items ?? []
        if !variants.isEmpty {
            // `journal:` is a group here, where it may be `true` as well.
            let own = variants.first {
                $0["properties"] != nil && $0["properties"]?["kind"]?["const"] == value["kind"]
            }
            guard let own else {
                Issue.record("\(path): no variant")
                return
            }
            schema = own
        }
        for entry in value.entries {
            let below = schema["properties"]?[entry.key] ?? schema["additionalProperties"]
            guard let below, below != false else {
                Issue.record("\(path).\(entry.key) is not in the schema")
                continue
            }
            check(entry.value, below, "\(path).\(entry.key)")
        }
        for item in value.items {
            guard let items = schema["items"] else {
                Issue.record("\(path) is no list in the schema")
                return
            }
            check(item, items, path + "[]")
        }
        for key in schema["required"]?.items ?? [] {
            #expect(value[key.text ?? ""] != nil, "\(path) lacks \(key)")
        }
    }

    @Test("the schema knows every key of the example, and what is required is there")
    func described() throws {
        check(try Files.read(LifeboatConfiguration.example).effective, LifeboatConfiguration.schema, "")
    }

    private func keys(_ schema: SettingsValue) -> Set<String> {
        var found = Set((schema["properties"]?.entries ?? []).map(\.key))
        var below = (schema["properties"]?.entries ?? []).map(\.value) + (schema["oneOf"]?.items ?? [])
        below += [schema["items"], schema["additionalProperties"]].compactMap { $0 }
        for schema in below { found.formUnion(keys(schema)) }
        return found
    }

    @Test("every key of the schema stands in the example, if only behind #")
    func complete() {
        let known = keys(LifeboatConfiguration.schema)
        #expect(known.count > 60)
        for key in known.sorted() {
            #expect(LifeboatConfiguration.example.contains("\(key):"), "\(key)")
        }
    }

    @Test("every key that is behind # in the example is right there")
    func commented() throws {
        // Taken one by one: a line `# key: value` loses its sign, keys that exclude it are left out.
        let lines = LifeboatConfiguration.example.split(separator: "\n", omittingEmptySubsequences: false)
        var count = 0
        for (number, line) in lines.enumerated() {
            let space = line.prefix { $0 == " " }
            let rest = line.dropFirst(space.count)
            guard rest.hasPrefix("# "), let colon = rest.firstIndex(of: ":"),
                rest.dropFirst(2).prefix(upTo: colon).allSatisfy({ $0.isLowercase || $0 == "-" }), number > 12
            else { continue }
            var changed = lines
            changed[number] = space + rest.dropFirst(2)
            let problems = Files.problems(changed.joined(separator: "\n"))
            #expect(problems.isEmpty, "\(problems)")
            count += 1
        }
        #expect(count > 12)
    }

    @Test("the documentation shows this very example")
    func documented() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = String(decoding: try Data(contentsOf: URL(filePath: root + "/docs/configuration.md")), as: UTF8.self)
        #expect(page.contains("```yaml\n\(LifeboatConfiguration.example)```"))
    }
}
