/// Finds the word that somebody meant.
public enum NearestName {
    /// Longer words are not compared.
    private static let largestCount = 64

    /// The one of `names` that differs from `word` the least; nil when none is near: a third of its letters may differ.
    static func of(_ word: String, among names: [String]) -> String? {
        let word = Array(word.lowercased().unicodeScalars)
        guard !word.isEmpty, word.count <= largestCount else { return nil }
        let near = names.compactMap { name -> (distance: Int, name: String)? in
            let other = Array(name.lowercased().unicodeScalars)
            guard other.count <= largestCount else { return nil }
            let distance = distance(word, other)
            let shortest = min(word.count, other.count)
            return distance < shortest && distance <= max(1, shortest / 3) ? (distance, name) : nil
        }
        return near.min { $0.distance < $1.distance }?.name
    }

    /// ``did you mean `port`?``, else what there is to choose from when that is little.
    public static func hint(_ word: String, among names: [String], called what: String) -> String {
        if let name = of(word, among: names) { return "did you mean `\(name)`?" }
        guard !names.isEmpty else { return "" }
        return "\(what): " + names.joined(separator: ", ")
    }

    /// Letters to insert, delete, replace, or exchange with their neighbour (optimal string alignment).
    private static func distance(_ one: [Unicode.Scalar], _ other: [Unicode.Scalar]) -> Int {
        var before = [Int]()
        var last = Array(0...other.count)
        for (row, letter) in one.enumerated() {
            var current = [row + 1]
            for (column, wanted) in other.enumerated() {
                let change = last[column] + (letter == wanted ? 0 : 1)
                var best = min(change, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, letter == other[column - 1], one[row - 1] == wanted {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            (before, last) = (last, current)
        }
        return last[other.count]
    }
}
