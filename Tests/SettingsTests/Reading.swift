import Settings

/// A small file's keys, as a module would declare them.
struct Server: Equatable {
    enum Mode: String, CaseIterable {
        case physical, logical
    }

    var port = 0
    var mode = Mode.physical
    var path = ""
    var budget = Duration.zero
    var size: UInt64 = 0
    var share = 0.0
    var isQuiet = false
    var tables: [String] = []
    var password: SecretReference?

    init(_ fields: Fields) {
        port = fields("port", .integer(1...65_535), help: "TCP port", default: 3306)
        mode = fields("mode", .choice(Mode.self), help: "how it is read", default: .physical)
        path = fields("path", .path, help: "where it is", default: "/srv")
        budget = fields("budget", .duration, help: "how long it may take", default: .seconds(60))
        size = fields("size", .byteCount, help: "how large it may be", default: 64 << 20)
        share = fields("share", .number(0...1), help: "how much may go", default: 0.5)
        isQuiet = fields("quiet", .boolean, help: "say nothing", default: false)
        tables = fields("tables", .list(of: .line), help: "which tables", default: [])
        password = fields.optional("password", .secret, help: "the account's password")
    }
}

/// Shapes: one of two, in a map.
enum Shape: Equatable {
    case circle(radius: Int)
    case square(side: Int)

    static var kind: SettingKind<Shape> {
        .variants(
            by: "kind", help: "what it is",
            [
                ("circle", { .circle(radius: $0.required("radius", .integer(1...9), help: "its radius")) }),
                ("square", { .square(side: $0.required("side", .integer(1...9), help: "its side")) }),
            ])
    }
}

struct Drawing {
    var name: String
    var server: Server
    var shapes: [NamedSetting<Shape>]

    init(_ fields: Fields) {
        name = fields.required("name", .name, help: "what it is called")
        server = fields.section("server", help: "where it is drawn", Server.init)
        shapes = fields("shapes", .map(of: Shape.kind), help: "what is on it", default: [])
    }
}

/// What reading a file gives, or the text of what is wrong with it.
enum Reading {
    static func drawing(_ text: String) throws(SettingsError) -> SettingsDocument<Drawing> {
        try SettingsDocument(file: "d.yaml", text: text, Drawing.init)
    }

    static func problems(_ text: String) -> [String] {
        do throws(SettingsError) {
            _ = try drawing(text)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }
}
