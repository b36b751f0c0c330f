import Settings
import Testing

@Suite("Schema of settings")
struct SchemaTests {
    private let schema = SettingsSchema.of(title: "Drawing", Drawing.init)

    @Test("a schema says keys, types, help, defaults and what is required")
    func described() {
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" && schema["title"] == "Drawing")
        #expect(schema["type"] == "object" && schema["additionalProperties"] == false && schema["required"] == ["name"])
        #expect(schema["properties"]?.entries.map(\.key) == ["name", "server", "shapes"])
        let port: SettingsValue = [
            "type": "integer", "minimum": 1, "maximum": 65_535, "description": "TCP port", "default": 3306,
        ]
        let server = schema["properties"]?["server"]
        #expect(server?["properties"]?["port"] == port && server?["required"] == nil)
        #expect(server?["properties"]?["mode"]?["enum"] == ["physical", "logical"])
        #expect(server?["properties"]?["budget"]?["default"] == "1m")
        #expect(server?["properties"]?["password"]?["maxProperties"] == 1)
    }

    @Test("a key that chooses the others makes one schema for each of its words")
    func variants() {
        let variants = schema["properties"]?["shapes"]?["additionalProperties"]?["oneOf"]?.items ?? []
        #expect(variants.map { $0["properties"]?["kind"]?["const"] } == ["circle", "square"])
        #expect(variants.map { $0["required"] } == [["kind", "radius"], ["kind", "side"]])
    }
}
