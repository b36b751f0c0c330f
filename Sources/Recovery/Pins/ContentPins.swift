public import DataSources
public import Repository

/// What the content of a point's databases was at a position: counted and hashed on the live server, to be compared with what
/// a restore gives. Stored sealed as `lifeboat/pins/<point>`, kind `pins`.
public struct ContentPins: Sendable, Hashable, Codable {
    /// What was pinned of one source.
    public struct SourcePins: Sendable, Hashable, Codable {
        /// Where the database stood when it was counted.
        public var position: SourcePosition
        /// When, RFC 3339.
        public var time: String
        /// One entry a table.
        public var pins: [TablePin]
        /// Counted from the very bytes of the backup, so that what is restored must be equal whatever the position.
        public var isOfBase: Bool
        /// Tables that the budget did not reach: `database.table`.
        public var leftOut: [String]

        enum CodingKeys: String, CodingKey {
            case position, time, pins
            case isOfBase = "is_of_base"
            case leftOut = "left_out"
        }

        /// Describes what was pinned.
        public init(
            position: SourcePosition, time: String, pins: [TablePin], isOfBase: Bool, leftOut: [String]
        ) {
            self.position = position
            self.isOfBase = isOfBase
            self.time = time
            self.pins = pins
            self.leftOut = leftOut
        }
    }

    private static let kind = "pins"

    /// The point.
    public var point: String
    /// By the name of the source.
    public var sources: [String: SourcePins]

    /// Pins of a point.
    public init(point: String, sources: [String: SourcePins]) {
        self.point = point
        self.sources = sources
    }

    static func name(of point: String) -> String { "lifeboat/pins/" + point }

    /// Writes them.
    public func write(to repository: OpenRepository) async throws {
        try await repository.storeRecord(self, kind: ContentPins.kind, name: ContentPins.name(of: point))
    }

    /// Reads those of a point; nil when there are none.
    public static func read(_ point: String, from repository: OpenRepository) async throws -> ContentPins? {
        try await repository.record(ContentPins.self, kind: kind, name: name(of: point))
    }
}
