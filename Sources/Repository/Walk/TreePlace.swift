/// Where a walk came upon a tree first: in which snapshot, below which directories.
///
/// Safe and Sendable: `parent` changes only in `deinit`, when nobody else has the object.
public final class TreePlace: @unchecked Sendable {
    /// Number of the root in the list that the walk was given.
    public let root: Int
    /// Raw bytes of the directory's name; empty for a root.
    public let name: [UInt8]
    /// Directories above it.
    public let depth: Int
    private var parent: TreePlace?

    init(root: Int) {
        self.root = root
        name = []
        depth = 0
    }

    init(_ name: [UInt8], in parent: TreePlace) {
        root = parent.root
        self.name = name
        self.parent = parent
        depth = parent.depth + 1
    }

    deinit {
        // One after another: a chain of ten thousand directories released each by its child would overflow the stack.
        var above = parent
        parent = nil
        while isKnownUniquelyReferenced(&above) {
            let next = above?.parent
            above?.parent = nil
            above = next
        }
    }

    /// The path of the directory in its snapshot, raw bytes, with a leading `/` and none at the end; empty for a root.
    public var path: [UInt8] {
        var names = [[UInt8]]()
        var place: TreePlace? = self
        while let current = place, current.depth > 0 {
            names.append(current.name)
            place = current.parent
        }
        return names.reversed().reduce(into: []) { path, name in
            path.append(UInt8(ascii: "/"))
            path += name
        }
    }
}
