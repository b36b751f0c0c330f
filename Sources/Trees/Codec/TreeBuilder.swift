/// Joins the JSON of nodes to a tree blob: `{"nodes":[…]}` and a line end.
///
/// Nodes belong in strictly ascending order of the raw bytes of their names; `isAscending` tells whether they were.
public struct TreeBuilder: Sendable {
    private var bytes: [UInt8]
    private var lastName: [UInt8] = []
    /// Nodes appended so far.
    public private(set) var count = 0
    /// Did every name come after the one before? Lookups by merge miss names otherwise, and restic cannot rewrite the tree.
    public private(set) var isAscending = true

    private static let opening = Array("{\"nodes\":[".utf8)

    /// Starts an empty tree; room is made for `byteCount` bytes.
    public init(reservingByteCount byteCount: Int = 512) {
        bytes = []
        bytes.reserveCapacity(byteCount)
        bytes.append(contentsOf: TreeBuilder.opening)
    }

    /// Bytes of the tree so far.
    public var byteCount: Int { bytes.count }

    /// Appends a node and gives where its JSON stands in the tree.
    @discardableResult
    public mutating func append(_ node: Node) -> Range<Int> {
        begin(node.name)
        let start = bytes.count
        TreeEncoder.append(node, to: &bytes)
        return start..<bytes.count
    }

    /// Appends the JSON of a node as it was written before: an unchanged node keeps its bytes.
    public mutating func append(raw: UnsafeRawBufferPointer, name: [UInt8]) {
        begin(name)
        unsafe bytes.append(contentsOf: raw)
    }

    /// Appends the JSON of a node as it was written before.
    public mutating func append(raw: some Collection<UInt8>, name: [UInt8]) {
        begin(name)
        bytes.append(contentsOf: raw)
    }

    /// Appends the JSON of a node whose place in the order the caller answers for.
    public mutating func append(sortedRaw raw: ArraySlice<UInt8>) {
        if count > 0 { bytes.append(0x2C) }
        count += 1
        bytes.append(contentsOf: raw)
    }

    private mutating func begin(_ name: [UInt8]) {
        if count > 0 {
            bytes.append(0x2C)
            if !RawName.isAscending(lastName, name) { isAscending = false }
        }
        lastName = name
        count += 1
    }

    /// Ends the tree and gives its bytes; the builder is empty afterwards and can build the next one.
    public mutating func finish() -> [UInt8] {
        var result = bytes
        result.append(0x5D)
        result.append(0x7D)
        result.append(0x0A)
        self = TreeBuilder()
        return result
    }
}
