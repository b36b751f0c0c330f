import Settings

extension Probe {
    init(_ fields: Fields) {
        name = ""
        every = fields("every", .seconds, help: "seconds from one to the next", default: .seconds(1))
        timeout = fields("timeout", .seconds, help: "seconds after which there is no answer", default: .seconds(2))
        threshold = fields("threshold", .integer(1...1000), help: "failures in a row that count", default: 3)
        signIn = fields(
            "sign-in", .list(of: .object(FrontDoorRequest.init)), help: "as somebody else than the beats", default: [])
        // All keys are declared whichever question it is, so that the schema has them.
        let named = fields.optional("name", .line, help: "name to resolve")
        let server = fields.optional("server", .line, help: "address:port of the DNS server")
        let addresses = fields("addresses", .list(of: .line), help: "right answers for the name", default: [])
        let http = fields.optional(
            "http", .object(FrontDoorRequest.init), help: "request, and the answer that is right")
        let url = fields.optional("url", .line, help: "address that must answer")
        question =
            if let named {
                .dns(name: named, server: server ?? "", addresses: addresses)
            } else {
                .http(http ?? FrontDoorRequest(url: url ?? ""))
            }
        guard !fields.isPlaceholder else { return }
        let questions = [named != nil, http != nil, url != nil].count { $0 }
        if questions == 0 {
            fields.problem("url", message: "is missing", hint: "give one of url, http, name")
        } else if questions > 1 {
            fields.problem(
                named != nil ? "name" : "http", message: "is another question", hint: "give one of url, http, name")
        }
        if named != nil, server == nil { fields.problem("server", message: "is missing", hint: "address:port") }
        if named != nil, addresses.isEmpty { fields.problem("addresses", message: "is missing", hint: "[10.0.0.1]") }
    }
}

extension FrontDoorRequest {
    init(_ fields: Fields) {
        method = fields("method", .line, help: "GET, POST, PUT, DELETE", default: "GET")
        url = fields.required("url", .line, help: "where to")
        headers = Self.named(fields("headers", .map(of: .line), help: "header fields, in small letters", default: []))
        body = fields.optional("body", .text, help: "what is sent")
        status = fields("status", .integer(100...599), help: "status that is right", default: 200)
        contains = fields.optional("contains", .text, help: "what the answer has in it")
        equals = fields.optional("equals", .text, help: "what the answer is, byte for byte")
        absent = fields(
            "absent", .list(of: .integer(100...599)), help: "statuses that say: it is not there", default: [404, 410])
        captures = Self.named(
            fields(
                "captures", .map(of: .line), help: "values for later: keys of JSON as `files.0.id`, or `cookie NAME`",
                default: [])
        )
    }

    private static func named(_ entries: [NamedSetting<String>]) -> [String: String] {
        Dictionary(entries.map { ($0.name, $0.value) }) { first, _ in first }
    }
}

extension BeatPlan {
    init(_ fields: Fields) {
        every = fields("every", .seconds, help: "seconds from one to the next", default: .seconds(1))
        timeout = fields("timeout", .seconds, help: "seconds after which one is not acknowledged", default: .seconds(5))
        signIn = fields("sign-in", .list(of: .object(FrontDoorRequest.init)), help: "before the first", default: [])
        write = fields.required(
            "write", .list(of: .object(FrontDoorRequest.init), minimumCount: 1), help: "writes {beat} with {content}")
        readRow = fields.required(
            "read-row", .object(FrontDoorRequest.init), help: "answers right when the row is there")
        readFile = fields.required(
            "read-file", .object(FrontDoorRequest.init), help: "answers right when the file is there")
        minimumCount = fields("minimum", .integer(1...100_000), help: "so many come before the fault", default: 30)
    }
}

extension SettingKind<Duration> {
    /// Seconds, with fractions.
    fileprivate static var seconds: SettingKind {
        .scalar(
            "a number of seconds", schema: ["type": "number", "exclusiveMinimum": 0, "maximum": 3600],
            placeholder: .seconds(1),
            parse: { text throws(SettingRefusal) in
                guard let number = Double(text), number >= 0.01, number <= 3600 else {
                    throw SettingRefusal("is no number of seconds", hint: "write a number from 0.01 to 3600: 0.5")
                }
                return .milliseconds(Int64((number * 1000).rounded()))
            }, show: { .text("\(Double($0.components.seconds) + Double($0.components.attoseconds) / 1e18)") })
    }
}
