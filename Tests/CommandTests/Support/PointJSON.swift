import FoundationEssentials

/// What tests read of the JSON that commands print.
struct PointJSON: Decodable {
    struct Part: Decodable {
        struct Failure: Decodable {
            let kind: String
            let message: String
            let hint: String
        }
        struct Snapshot: Decodable { let id: String }

        let source: String
        let outcome: String
        let failure: Failure?
        let snapshot: Snapshot?
    }

    let id: String
    let plan: String
    let state: String?
    let parts: [Part]

    func part(_ source: String) -> Part? { parts.first { $0.source == source } }
}

/// One verification.
struct VerificationJSON: Decodable {
    struct Part: Decodable {
        let source: String
        let verdict: String
        let message: String
    }

    let verdict: String
    let parts: [Part]

    func part(_ source: String) -> Part? { parts.first { $0.source == source } }
}

/// The one object on standard error.
struct ErrorJSON: Decodable {
    let code: String
    let message: String
    let hint: String
    let exit_code: Int32
}

extension Decodable {
    /// Reads one JSON document; throws when there is anything beside it.
    static func json(_ text: String) throws -> Self { try JSONDecoder().decode(Self.self, from: Data(text.utf8)) }
}
