import CCmark

/// A block on the top level of a Markdown text.
struct MarkdownBlock: Sendable, Hashable {
    /// What it is, as far as a runbook cares.
    enum Kind: Sendable, Hashable {
        /// A heading of level 1 to 6 with its text.
        case heading(level: Int, text: String)
        /// A fenced block: the words behind the fence, and what is inside.
        case code(info: String, text: String)
        /// Paragraphs, lists, tables, quotes.
        case other
    }

    var kind: Kind
    /// The line it begins in, from 1.
    var line: Int
    /// As HTML; raw HTML of the text is left out.
    var html: String
    /// As it was written, for terminals.
    var source: String

    /// The blocks of `text` in their order: CommonMark with GitHub's tables, as cmark-gfm reads it.
    static func read(_ text: String) -> [MarkdownBlock] {
        var copy = text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return copy.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                guard let document = unsafe lb_markdown_parse(characters.baseAddress, characters.count) else {
                    return []
                }
                defer { unsafe cmark_node_free(document) }
                var blocks = [MarkdownBlock]()
                var node = unsafe cmark_node_first_child(document)
                while let block = unsafe node {
                    unsafe blocks.append(MarkdownBlock(block, lines))
                    unsafe node = cmark_node_next(block)
                }
                return blocks
            }
        }
    }

    private init(_ node: OpaquePointer, _ lines: [Substring]) {
        line = Int(unsafe cmark_node_get_start_line(node))
        let end = min(Int(unsafe cmark_node_get_end_line(node)), lines.count)
        source = line >= 1 && line <= end ? lines[(line - 1)..<end].joined(separator: "\n") : ""
        html = unsafe Self.text(lb_markdown_html(node))
        if unsafe lb_markdown_is_heading(node) != 0 {
            let level = Int(unsafe cmark_node_get_heading_level(node))
            let text = source.drop { $0 == "#" || $0 == " " }
            kind = .heading(level: level, text: String(text).trimmed)
        } else if unsafe lb_markdown_is_code(node) != 0 {
            kind = .code(
                info: unsafe Self.copy(cmark_node_get_fence_info(node)),
                text: unsafe Self.copy(cmark_node_get_literal(node)))
        } else {
            kind = .other
        }
    }

    private static func copy(_ text: UnsafePointer<CChar>?) -> String {
        unsafe text.map { unsafe String(cString: $0) } ?? ""
    }

    /// Takes over what cmark allocated.
    private static func text(_ text: UnsafeMutablePointer<CChar>?) -> String {
        defer { unsafe free(text) }
        return unsafe text.map { unsafe String(cString: $0) } ?? ""
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
