/// What is wrong with a tree that can be read all the same: things that `check` reports.
public struct TreeProblem: Sendable, Hashable {
    /// The kinds of problem.
    public enum Code: String, Sendable {
        /// The name is empty; restic's check reports it.
        case emptyName
        /// The name is `.` or `..` or has `/` or NUL in it; it cannot be restored.
        case unsafeName
        /// The name comes before the one ahead of it; lookups by merge miss one of them.
        case unsorted
        /// The name is there twice; restoring both is impossible.
        case duplicateName
    }

    /// What is wrong.
    public let code: Code
    /// Which node, counted from 0.
    public let nodeIndex: Int
    /// Its name, printable.
    public let name: String

    /// Looks at names and their order; empty for every tree that restic or Lifeboat wrote.
    public static func find(in nodes: [DecodedNode]) -> [TreeProblem] {
        var problems = [TreeProblem]()
        var isSorted = true
        func report(_ code: Code, _ index: Int) {
            problems.append(
                TreeProblem(code: code, nodeIndex: index, name: RawName.printable(nodes[index].node.name)))
        }
        for index in nodes.indices {
            let name = nodes[index].node.name
            if !RawName.isSafe(name) { report(name.isEmpty ? .emptyName : .unsafeName, index) }
            if index > 0, case let order = RawName.compare(nodes[index - 1].node.name, name), order >= 0 {
                if order > 0 { isSorted = false }
                report(order > 0 ? .unsorted : .duplicateName, index)
            }
        }
        if !isSorted { duplicatesApart(nodes, report) }
        return problems
    }

    /// In an unsorted tree two nodes of one name need not be neighbours.
    private static func duplicatesApart(_ nodes: [DecodedNode], _ report: (Code, Int) -> Void) {
        var seen = Set<[UInt8]>()
        for index in nodes.indices where !seen.insert(nodes[index].node.name).inserted {
            if index == 0 || nodes[index - 1].node.name != nodes[index].node.name { report(.duplicateName, index) }
        }
    }
}
