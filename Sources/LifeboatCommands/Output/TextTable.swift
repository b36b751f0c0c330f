/// Rows in columns, as wide as what is in them.
struct TextTable {
    /// Where a column's text stands.
    enum Alignment {
        case left, right
    }

    private let titles: [String]
    private let alignments: [Alignment]
    private var rows: [[[String]]] = []

    /// A table with these columns; those named in `right` hold numbers.
    init(_ titles: [String], right: Set<String> = []) {
        self.titles = titles
        alignments = titles.map { right.contains($0) ? .right : .left }
    }

    /// Adds a row; a cell may have several lines.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) })
    }

    /// Title, rule, rows, rule.
    var lines: [String] {
        let widths = titles.indices.map { column in
            ([titles[column]] + rows.flatMap { $0[column] }).map(\.count).max() ?? 0
        }
        let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (titles.count - 1))
        var lines = [line(titles, widths), rule]
        for row in rows {
            for number in 0..<(row.map(\.count).max() ?? 0) {
                lines.append(line(row.map { number < $0.count ? $0[number] : "" }, widths))
            }
        }
        return lines + [rule]
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.indices.map { column in
            let space = String(repeating: " ", count: widths[column] - cells[column].count)
            return alignments[column] == .left ? cells[column] + space : space + cells[column]
        }
        let text = padded.joined(separator: "  ")
        return String(text.reversed().drop { $0 == " " }.reversed())
    }
}
