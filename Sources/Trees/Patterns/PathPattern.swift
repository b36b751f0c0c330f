/// A pattern for paths with restic's meaning, which excludes and restore filters share.
///
/// - Components are matched one by one: literally, or as `*`, `?`, `[a-z]`, with a backslash before a special character.
/// - `**` stands for any number of components.
/// - With a slash in front the pattern begins at the root; without, at any component.
/// - What matches a directory matches everything below it.
/// - `!` in front takes back what earlier patterns of a list matched.
public struct PathPattern: Sendable {
    private enum Part: Sendable {
        case literal([UInt8])
        case wildcard(Glob)
        case anyOne
        case anyDepth

        func matches(_ component: [UInt8]) -> Bool {
            switch self {
            case .literal(let text): text == component
            case .wildcard(let glob): glob.matches(component)
            case .anyOne, .anyDepth: true
            }
        }
    }

    /// The pattern as it was written.
    public let text: [UInt8]
    /// Does it begin with `!`?
    public let isNegated: Bool
    private let isAbsolute: Bool
    private let parts: [Part]

    /// Reads a pattern. It must not be empty; a trailing slash means nothing, `.` and `..` are resolved.
    ///
    /// Throws `malformedPattern` when a class in brackets is not closed or a backslash stands at the end.
    public init(_ text: [UInt8]) throws(TreeError) {
        self.text = text
        isNegated = text.first == 0x21
        let body = isNegated ? Array(text.dropFirst()) : text
        guard !body.isEmpty else {
            throw TreeError(.malformedPattern, "the pattern is empty", subject: RawName.printable(text))
        }
        isAbsolute = body.first == 0x2F
        var parts: [Part] = isAbsolute ? [.literal([])] : []
        for component in RawPath.clean(body) {
            parts.append(try PathPattern.part(component, of: text))
        }
        if isAbsolute, parts.count == 1 { parts.append(.literal([])) }  // the root itself
        if parts.isEmpty { parts.append(.literal([0x2E])) }
        self.parts = parts
    }

    /// Reads a pattern given as text; see `init(_:)`.
    public init(_ text: String) throws(TreeError) {
        try self.init(Array(text.utf8))
    }

    private static func part(_ component: [UInt8], of text: [UInt8]) throws(TreeError) -> Part {
        if component == [0x2A, 0x2A] { return .anyDepth }
        if component == [0x2A] { return .anyOne }
        guard Glob.hasWildcards(component) else { return .literal(component) }
        guard let glob = Glob(component) else {
            throw TreeError(
                .malformedPattern, "the pattern has a class without end or a backslash at its end",
                subject: RawName.printable(text), hint: "write \\[ for a bracket that stands for itself")
        }
        return .wildcard(glob)
    }

    /// Does it match the path, or a directory above? The mark `!` does not count here.
    ///
    /// `path` holds the components of an absolute path: `/srv/data` is `["srv", "data"]`.
    public func matches(_ path: [[UInt8]]) -> Bool {
        PathPattern.match(parts[...], isAbsolute: isAbsolute, path)
    }

    /// May something below the directory match, although the directory does not?
    public func childMayMatch(_ path: [[UInt8]]) -> Bool {
        guard isAbsolute else { return true }
        // Components and parts both count the empty one ahead of the first slash.
        var length = min(path.count + 1, parts.count)
        if let depth = PathPattern.depthMark(parts[...]) { length = min(length, depth) }
        return PathPattern.match(parts[..<length], isAbsolute: true, path)
    }

    private static func depthMark(_ parts: ArraySlice<Part>) -> Int? {
        parts.firstIndex { if case .anyDepth = $0 { true } else { false } }
    }

    /// Matching as restic does it: the first `**` becomes none, one, two ... components that may be anything, as long as the
    /// pattern is no longer than the path.
    private static func match(_ parts: ArraySlice<Part>, isAbsolute: Bool, _ path: [[UInt8]]) -> Bool {
        guard let mark = depthMark(parts) else { return matchFlat(parts, isAbsolute: isAbsolute, path) }
        let most = path.count + 1 - parts.count + 1
        guard most >= 0 else { return false }
        for count in 0...most {
            var expanded = parts[..<mark] + parts[(mark + 1)...]
            expanded.insert(contentsOf: repeatElement(Part.anyOne, count: count), at: mark)
            if match(expanded, isAbsolute: isAbsolute, path) { return true }
        }
        return false
    }

    private static func matchFlat(_ parts: ArraySlice<Part>, isAbsolute: Bool, _ path: [[UInt8]]) -> Bool {
        let count = path.count + 1
        guard parts.count <= count else { return false }
        for offset in 0...(isAbsolute ? 0 : count - parts.count) {
            var index = parts.count - 1
            while index >= 0 {
                let place = offset + index
                let component = place == 0 ? [] : path[place - 1]
                guard parts[parts.startIndex + index].matches(component) else { break }
                index -= 1
            }
            if index < 0 { return true }
        }
        return false
    }
}
