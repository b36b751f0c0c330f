/// What a Redis server answers, protocol RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/
enum RedisReply: Sendable, Hashable {
    case status(String)
    case error(String)
    case integer(Int64)
    case bulk([UInt8]?)
    case array([RedisReply]?)

    /// The text of a status or a bulk; nil for others.
    var text: String? {
        switch self {
        case .status(let text): text
        case .bulk(.some(let bytes)): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The reply as rows: an array gives one for each element, with its elements as columns; all else is one value.
    var rows: [[String?]] {
        guard case .array(.some(let elements)) = self else { return [[value]] }
        return elements.map { element in
            if case .array(.some(let columns)) = element { return columns.map(\.value) }
            return [element.value]
        }
    }

    private var value: String? {
        switch self {
        case .integer(let number): String(number)
        case .error(let message): message
        case .array(.some(let elements)): elements.map { $0.value ?? "" }.joined(separator: " ")
        case .array(nil): nil
        default: text
        }
    }
}

/// What `INFO` says: `key:value` lines.
struct RedisInfo: Sendable {
    private let values: [String: String]

    init(_ text: String) {
        var values = [String: String]()
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        self.values = values
    }

    subscript(_ name: String) -> String { values[name] ?? "" }

    /// Keys by database number.
    var keyCounts: [String: UInt64] {
        var counts = [String: UInt64]()
        for (name, value) in values where name.hasPrefix("db") && UInt32(name.dropFirst(2)) != nil {
            guard let keys = value.split(separator: ",").first(where: { $0.hasPrefix("keys=") }) else { continue }
            counts[String(name.dropFirst(2))] = UInt64(keys.dropFirst(5))
        }
        return counts
    }

    var version: RedisVersion {
        RedisVersion(server: self["server_name"], redis: self["redis_version"], valkey: self["valkey_version"])
    }
}

/// Which server it is, and what we know of its kind.
struct RedisVersion: Sendable {
    enum Support { case supported, expected, unknown }

    let isValkey: Bool
    let number: String

    init(server: String, redis: String, valkey: String) {
        isValkey = server == "valkey" || !valkey.isEmpty
        number = isValkey && !valkey.isEmpty ? valkey : redis
    }

    /// `7.0.15`, `8.0.1-Valkey`.
    var text: String { isValkey ? "\(number)-Valkey" : number }

    /// `7.0`.
    private var series: String { number.split(separator: ".").prefix(2).joined(separator: ".") }

    var support: Support {
        if isValkey { return ["7.2", "8.0", "8.1"].contains(series) ? .expected : .unknown }
        return series == "7.0" ? .supported : ["6.2", "7.2"].contains(series) ? .expected : .unknown
    }
}
