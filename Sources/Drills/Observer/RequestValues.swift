import FoundationEssentials
import ObjectStore
import Sealing

/// Values that stand in the place of `{name}` in requests, and how they are taken from answers.
struct RequestValues: Sendable, Hashable {
    /// The longest value that is taken from an answer, bytes.
    static let largestByteCount = 4096

    var values: [String: String]

    init(_ values: [String: String] = [:]) { self.values = values }

    /// What is the same in each drill for each beat: its number, its content, and what is known of that.
    init(beat number: Int, drill: String, seed: UInt64) {
        let content = Self.content(beat: number, drill: drill, seed: seed)
        values = [
            "beat": "\(number)", "drill": drill, "content": content, "sha256": SHA256.digest(content.utf8).hex,
        ]
    }

    func adding(_ more: [String: String]) -> RequestValues { RequestValues(values.merging(more) { _, new in new }) }

    /// 1024 hexadecimal digits that only this beat of this drill has.
    static func content(beat number: Int, drill: String, seed: UInt64) -> String {
        (0..<16).map { SHA256.digest("\(drill) \(seed) \(number) \($0)".utf8).hex }.joined()
    }

    /// Puts values in the place of `{name}`; names that nobody knows stay, so that JSON may stand as it is.
    func fill(_ text: String, _ encode: (String) -> String = { $0 }) -> String {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            filled += rest[..<open]
            rest = rest[open...]
            if let close = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: open)..<close])] {
                filled += encode(value)
                rest = rest[rest.index(after: close)...]
            } else {
                filled += "{"
                rest = rest.dropFirst()
            }
        }
        return filled + rest
    }

    /// A value as it may stand in an address: no letter of it ends a path or begins another field.
    static func encoded(_ value: String) -> String {
        value.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~/".utf8.contains(byte)
            {
                return String(Character(scalar))
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// The request on the wire.
    func request(_ plan: FrontDoorRequest) -> HTTPClient.Request {
        HTTPClient.Request(
            plan.method, fill(plan.url, Self.encoded), headers: plan.headers.mapValues { fill($0) },
            body: plan.body.map { Array(fill($0).utf8) } ?? [])
    }

    /// What `captures` says is to be taken from an answer; nil when one of it is not there, or is nothing to be handed on.
    static func captured(_ captures: [String: String], from answer: HTTPClient.Answer) -> [String: String]? {
        guard !captures.isEmpty else { return [:] }
        let json = try? JSONDecoder().decode(AnswerValue.self, from: Data(answer.body))
        var found: [String: String] = [:]
        for (name, place) in captures {
            let value =
                place.hasPrefix("cookie ")
                ? cookie(String(place.dropFirst(7)), in: answer) : json?.text(at: place.split(separator: "."))
            guard let value, value.utf8.count <= largestByteCount, !value.utf8.contains(where: { $0 < 0x20 }) else {
                return nil
            }
            found[name] = value
        }
        return found
    }

    private static func cookie(_ name: String, in answer: HTTPClient.Answer) -> String? {
        answer.cookies.compactMap { field -> String? in
            let pair = field.prefix { $0 != ";" }
            guard let equal = pair.firstIndex(of: "="), pair[..<equal] == name else { return nil }
            return String(pair[pair.index(after: equal)...])
        }.last
    }
}

/// JSON as an answer has it.
private indirect enum AnswerValue: Decodable {
    case object([String: AnswerValue])
    case list([AnswerValue])
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let object = try? container.decode([String: AnswerValue].self) {
            self = .object(object)
        } else if let list = try? container.decode([AnswerValue].self) {
            self = .list(list)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Int64.self) {
            self = .text("\(number)")
        } else {
            self = .other
        }
    }

    func text(at keys: [Substring]) -> String? {
        guard let key = keys.first else {
            if case .text(let text) = self { return text }
            return nil
        }
        switch self {
        case .object(let object): return object[String(key)]?.text(at: Array(keys.dropFirst()))
        case .list(let list):
            guard let index = Int(key), list.indices.contains(index) else { return nil }
            return list[index].text(at: Array(keys.dropFirst()))
        case .text, .other: return nil
        }
    }
}
