import Sealing
import Trees

/// The nodes of a tree that can be understood, and what had to be left out.
struct TreeSalvage {
    /// One node and its JSON.
    struct Item {
        var node: Node
        let raw: [UInt8]
    }

    /// Nodes in ascending order of names, each name once.
    private(set) var items: [Item] = []
    /// What was left out, one line each.
    private(set) var losses: [String] = []
    /// Were all nodes kept, in the order in which they stood?
    private(set) var isWhole = true

    /// Looks at the bytes of a tree blob.
    init(_ bytes: [UInt8]) {
        do throws(TreeError) {
            items = try TreeDecoder.decode(bytes).map { Item(node: $0.node, raw: Array(bytes[$0.raw])) }
        } catch {
            readOneByOne(bytes)
        }
        putInOrder()
    }

    /// A bad node makes the whole tree unreadable; each by itself, the others can be saved.
    private mutating func readOneByOne(_ bytes: [UInt8]) {
        isWhole = false
        let (ranges, isComplete) = TreeSalvage.ranges(bytes)
        for (number, range) in ranges.enumerated() {
            do throws(TreeError) {
                let raw = Array(bytes[range])
                let nodes = try TreeDecoder.decode(Array("{\"nodes\":[".utf8) + raw + Array("]}".utf8))
                items += nodes.map { Item(node: $0.node, raw: raw) }
            } catch {
                losses.append("entry \(number) cannot be understood: \(error.message)")
            }
        }
        if !isComplete { losses.append("the list breaks off behind entry \(ranges.count)") }
    }

    /// Where the nodes stand, as far as the JSON goes.
    private static func ranges(_ bytes: [UInt8]) -> (ranges: [Range<Int>], isComplete: Bool) {
        var ranges = [Range<Int>]()
        let isComplete = unsafe bytes.withUnsafeBytes { text in
            do throws(JSONError) {
                var cursor = unsafe JSONCursor(text)
                try cursor.object { (cursor, key) throws(JSONError) in
                    guard key == "nodes" else { return try cursor.skipValue() }
                    try cursor.array { (cursor) throws(JSONError) in
                        _ = cursor.peek()
                        let start = cursor.offset
                        try cursor.skipValue()
                        ranges.append(start..<cursor.offset)
                    }
                }
                return true
            } catch {
                return false
            }
        }
        return (ranges, isComplete)
    }

    private mutating func putInOrder() {
        var seen = Set<[UInt8]>()
        let safe = items.filter { item in
            guard item.node.hasSafeName else {
                losses.append("the name `\(RawName.printable(item.node.name))` cannot be restored")
                return false
            }
            guard seen.insert(item.node.name).inserted else {
                losses.append("the name `\(RawName.printable(item.node.name))` is there twice")
                return false
            }
            return true
        }
        let isSorted = zip(safe, safe.dropFirst()).allSatisfy { RawName.isAscending($0.node.name, $1.node.name) }
        if safe.count != items.count || !isSorted { isWhole = false }
        items = isSorted ? safe : safe.sorted { RawName.isAscending($0.node.name, $1.node.name) }
    }
}
