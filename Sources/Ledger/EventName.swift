public import Sealing

/// Names of events in the store: `lifeboat/events/<node>/<sequence, 12 digits>`, and the same with `.payload` behind it.
enum EventName {
    static let root = "lifeboat/events/"
    static let payloadSuffix = ".payload"
    /// Twelve digits.
    static let largestSequence: UInt64 = 999_999_999_999
    private static let digitCount = 12

    /// Where all events of a node are.
    static func folder(_ node: String) -> String { "\(root)\(node)/" }

    /// Sorts behind everything of a node, and before other nodes that come after it.
    static func end(_ node: String) -> String { "\(folder(node))~" }

    static func header(_ node: String, _ sequence: UInt64) -> String {
        let digits = String(sequence)
        return folder(node) + String(repeating: "0", count: max(0, digitCount - digits.count)) + digits
    }

    static func payload(_ node: String, _ sequence: UInt64) -> String { header(node, sequence) + payloadSuffix }

    /// The sequence of a header's name; nil for a payload's, and for names that are not ours.
    static func sequence(_ name: String, of node: String) -> UInt64? {
        let digits = name.dropFirst(folder(node).count)
        guard name.hasPrefix(folder(node)), digits.count == digitCount,
            digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        return UInt64(digits)
    }

    /// The node of a name below `root`.
    static func node(_ name: String) -> String? {
        guard name.hasPrefix(root), let slash = name.dropFirst(root.count).firstIndex(of: "/") else { return nil }
        return String(name.dropFirst(root.count)[..<slash])
    }

    /// May a node be called that? Small letters, digits, `.`, `-` and `_`, a letter or digit first, at most 63 of them.
    static func isNode(_ name: String) -> Bool {
        guard (1...63).contains(name.utf8.count), let first = name.utf8.first, isPlain(first) else { return false }
        return name.utf8.allSatisfy { isPlain($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x5F }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}

/// A node's last event: its running number and what its header hashes to.
public struct EventHead: Sendable, Hashable {
    /// Which node.
    public let node: String
    /// The running number of its last event, from 1.
    public let sequence: UInt64
    /// The SHA-256 of that event's canonical header.
    public let hash: Digest

    /// Names a head.
    public init(node: String, sequence: UInt64, hash: Digest) {
        self.node = node
        self.sequence = sequence
        self.hash = hash
    }

    /// For messages: `web1/12 (3fa9c1d2)`.
    public var short: String { "\(node)/\(sequence) (\(hash.hex.prefix(8)))" }
}
