/// Patterns in the order in which they count: a later `!pattern` takes back what earlier ones matched.
public struct PatternList: Sendable {
    /// The patterns in order.
    public private(set) var patterns: [PathPattern]

    /// What a list says about a path.
    public struct Verdict: Sendable, Hashable {
        /// The list matches the path.
        public let matches: Bool
        /// Something below the path may match.
        public let childMayMatch: Bool

        /// Makes a verdict.
        public init(matches: Bool, childMayMatch: Bool) {
            self.matches = matches
            self.childMayMatch = childMayMatch
        }
    }

    /// Makes a list of patterns that were read before.
    public init(_ patterns: [PathPattern] = []) {
        self.patterns = patterns
    }

    /// Reads patterns; empty ones are passed over. Throws `malformedPattern`.
    public init(_ texts: [String]) throws(TreeError) {
        patterns = []
        for text in texts where !text.isEmpty { patterns.append(try PathPattern(text)) }
    }

    /// Are there none?
    public var isEmpty: Bool { patterns.isEmpty }

    /// Appends patterns that count after those before.
    public mutating func append(contentsOf other: PatternList) {
        patterns.append(contentsOf: other.patterns)
    }

    /// Does the list match the path? A list without patterns matches nothing.
    public func matches(_ path: [[UInt8]]) -> Bool {
        var matches = false
        for pattern in patterns where pattern.isNegated == matches {
            if pattern.matches(path) { matches = !pattern.isNegated }
        }
        return matches
    }

    /// Does the list match the path, and may something below it match? For restores, which enter a directory for what may
    /// be in it.
    public func verdict(_ path: [[UInt8]]) -> Verdict {
        var matches = false
        var childMayMatch = false
        for pattern in patterns {
            let isMatch = pattern.matches(path)
            if pattern.isNegated {
                matches = matches && !isMatch
                childMayMatch = childMayMatch && !isMatch
            } else {
                matches = matches || isMatch
                childMayMatch = childMayMatch || pattern.childMayMatch(path)
            }
        }
        return Verdict(matches: matches, childMayMatch: childMayMatch)
    }
}
