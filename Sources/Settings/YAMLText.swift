import Yams

/// Reads YAML into nodes with places. What YAML itself forbids is recorded as a problem.
struct YAMLText {
    /// The largest file that is read.
    static let largestByteCount = 1 << 20
    /// Each alias repeats what its anchor holds; with so few, even aliases within anchors stay small.
    static let largestAliasCount = 16
    /// Keys that are given twice are looked for so many times, for all of them to be told at once.
    private static let largestRoundCount = 20

    let reader: SettingsReader
    private(set) var scalars: [Unicode.Scalar]
    /// First letters of keys that are given again further on: while the text is parsed, another stands in their place, since
    /// Yams stops at such keys.
    private var masked: [Unicode.Scalar: Unicode.Scalar] = [:]

    init(_ text: String, _ reader: SettingsReader) {
        scalars = Array(text.unicodeScalars)
        self.reader = reader
    }

    /// The root; nil when there is none, and a problem says why.
    static func read(_ text: String, _ reader: SettingsReader) -> SettingsNode? {
        guard text.utf8.count <= largestByteCount else {
            reader.problem(SettingsPlace(), [], "the file is larger than 1 MiB", hint: "is it the right file?")
            return nil
        }
        var yaml = YAMLText(text, reader)
        if let place = yaml.alias(number: largestAliasCount) {
            reader.problem(
                place, [], "more than \(largestAliasCount) aliases",
                hint: "write out what `*` repeats; quote text that begins with `*`")
            return nil
        }
        guard let root = yaml.compose() else { return nil }
        return yaml.node(root, head: nil, path: [])
    }

    private mutating func compose() -> Node? {
        for _ in 0..<YAMLText.largestRoundCount {
            do {
                let text = String(String.UnicodeScalarView(scalars))
                // The encoding is said, since Yams would otherwise take it from an environment variable. All scalars are text:
                // what they mean is for whoever reads the key to say.
                if let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() { return root }
                reader.problem(
                    SettingsPlace(), [], "the file is empty",
                    hint: "`lifeboat config example` prints one to begin with")
                return nil
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let place = SettingsPlace(line: context.mark.line, column: context.mark.column)
                if let key = keys.first, mask(key, at: place) { continue }
                reader.problem(place, [keys.first ?? ""], "a key is given twice", hint: "keep one of them")
                return nil
            } catch {
                tell(error)
                return nil
            }
        }
        reader.problem(SettingsPlace(), [], "many keys are given twice")
        return nil
    }

    // MARK: Keys that are given twice

    private mutating func mask(_ key: String, at place: SettingsPlace) -> Bool {
        let letters = Array(key.unicodeScalars)
        guard let first = letters.first, var offset = offset(of: place) else { return false }
        if scalars[offset] == "\"" || scalars[offset] == "'" { offset += 1 }
        guard scalars[offset...].starts(with: letters),
            let stand = (0xE000...0xE0FF).lazy.compactMap(Unicode.Scalar.init).first(where: { !scalars.contains($0) })
        else { return false }
        masked[stand] = first
        scalars[offset] = stand
        return true
    }

    private func unmasked(_ key: String) -> String {
        guard let first = key.unicodeScalars.first, let own = masked[first] else { return key }
        return String(own) + String(String.UnicodeScalarView(key.unicodeScalars.dropFirst()))
    }

    /// Where a place is in the text; lines end as in YAML 1.1.
    func offset(of place: SettingsPlace) -> Int? {
        var line = 1
        var start = 0
        while line < place.line {
            guard let end = scalars[start...].firstIndex(where: { YAMLText.lineEnds.contains($0) }) else { return nil }
            start = end + (scalars[end] == "\r" && scalars.count > end + 1 && scalars[end + 1] == "\n" ? 2 : 1)
            line += 1
        }
        let offset = start + place.column - 1
        return scalars.indices.contains(offset) ? offset : nil
    }

    static let lineEnds: Set<Unicode.Scalar> = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]

    // MARK: Nodes

    private func node(_ node: Node, head: SettingsPlace?, path: [String]) -> SettingsNode {
        let place = node.mark.map { SettingsPlace(line: $0.line, column: $0.column) } ?? head ?? SettingsPlace()
        func made(_ content: SettingsNode.Content, at place: SettingsPlace) -> SettingsNode {
            SettingsNode(content: content, place: place, head: head ?? place, path: path)
        }
        if let tag = foreignTag(node) {
            reader.problem(place, path, "has the tag \(tag)", hint: "leave it out; tags mean nothing here")
        }
        switch node {
        case .scalar(let scalar):
            let isNothing = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            return isNothing ? made(.nothing, at: head ?? place) : made(.scalar(scalar.string), at: place)
        case .sequence(let items):
            let nodes = items.enumerated().map { self.node($0.element, head: nil, path: path + ["[\($0.offset)]"]) }
            return made(.list(nodes), at: place)
        case .mapping(let mapping): return made(.map(entries(mapping, path)), at: place)
        case .alias: return made(.nothing, at: place)
        }
    }

    private func entries(_ mapping: Node.Mapping, _ path: [String]) -> [SettingsNode.Entry] {
        var entries = [SettingsNode.Entry]()
        var first = [String: SettingsPlace]()
        for (key, value) in mapping {
            let place = key.mark.map { SettingsPlace(line: $0.line, column: $0.column) } ?? SettingsPlace()
            guard let scalar = key.scalar else {
                reader.problem(place, path, "a key is a list or a group", hint: "keys are words")
                continue
            }
            let name = unmasked(scalar.string)
            if let first = first.updateValue(place, forKey: name) {
                reader.problem(
                    place, path + [name], "given twice",
                    hint: "it stands on line \(first.line) already; keep one of them")
                continue
            }
            entries.append(
                SettingsNode.Entry(key: name, place: place, value: node(value, head: place, path: path + [name])))
        }
        return entries
    }

    /// A tag that the file gives to a value, such as `!!int`; tags that YAML itself gives do not count.
    private func foreignTag(_ node: Node) -> String? {
        let tag =
            switch node {
            case .scalar(let scalar): scalar.tag.description
            case .sequence(let items): items.tag.description
            case .mapping(let mapping): mapping.tag.description
            case .alias: ""
            }
        return ["", "tag:yaml.org,2002:str"].contains(tag) ? nil : Shown.plain(tag)
    }
}
