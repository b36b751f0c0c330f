import Glibc

/// Files below a restored tree that belong to somebody who was erased.
///
/// Who was erased is known as a hash only, so the keys are taken from the names that are there: what stands in the place of
/// `:key` is tried. No database is needed for that, which matters: after an erasure none has the key any more.
struct SubjectFiles {
    /// What a part of a pattern is made of.
    private enum Element: Hashable {
        case byte(UInt8)
        /// `?`
        case any
        /// `*`
        case run
        /// `:key`
        case key
    }

    /// One name of the path; empty for `**`, which is any number of folders, or at the end all that is in one.
    private typealias Part = [Element]

    private let parts: [Part]

    /// Reads an absolute pattern that has `:key` in it; `*`, `?` and `**` stand for anything.
    ///
    /// - Throws: `notHandedOver` for one that names nobody, or that is not understood.
    init(_ pattern: String, kind: String) throws {
        guard pattern.contains(":key"), pattern.hasPrefix("/"), !pattern.contains("[") else {
            throw RecoveryError(
                .notHandedOver, "the pattern `\(pattern)` does not say whose files it means",
                subject: "erasures.\(kind)",
                hint: "`files` are absolute paths with :key in them, such as /srv/uploads/:key; they know *, ? and **")
        }
        parts = pattern.split(separator: "/").map { $0 == "**" ? [] : SubjectFiles.elements(Array($0.utf8)) }
    }

    private static func elements(_ text: [UInt8]) -> Part {
        var (elements, index) = (Part(), 0)
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "*"): elements.append(.run)
            case UInt8(ascii: "?"): elements.append(.any)
            case _ where text[index...].starts(with: ":key".utf8):
                elements.append(.key)
                index += 3
            default: elements.append(.byte(text[index]))
            }
            index += 1
        }
        return elements
    }

    /// Removes what the pattern names of everybody for whom `isTheirs` says yes, folders with what is in them; no link is
    /// followed. `root` stands for the absolute path `live`.
    ///
    /// - Returns: how many files went.
    func remove(below root: String, standingFor live: String, isTheirs: (_ key: String) -> Bool) throws -> Int {
        let above = live.split(separator: "/").map { Array($0.utf8) }
        return try walk(Place(above: above[...], path: Array(root.utf8)), parts[...], nil, isTheirs)
    }

    /// A folder of the tree, or one above it that is not there.
    private struct Place {
        /// Names that lead down to where the tree begins.
        var above: ArraySlice<[UInt8]>
        /// Where that is, or what is below.
        var path: [UInt8]
        /// The folder that was restored, or one above it.
        var isRoot = true

        func child(_ name: [UInt8]) -> Place {
            above.isEmpty
                ? Place(above: above, path: path + [0x2F] + name, isRoot: false)
                : Place(above: above.dropFirst(), path: path)
        }

        var names: [[UInt8]] {
            get throws { above.isEmpty ? try RawFolder.names(in: path) : [above[above.startIndex]] }
        }

        var isFolder: Bool { !above.isEmpty || RawFolder.isFolder(path) }
    }

    private func walk(
        _ place: Place, _ rest: ArraySlice<Part>, _ key: [UInt8]?, _ isTheirs: (String) -> Bool
    ) throws -> Int {
        guard let part = rest.first else { return try remove(place) }
        if part.isEmpty, rest.count == 1 { return try removeContent(place) }
        guard place.isFolder else { return 0 }
        var count = part.isEmpty ? try walk(place, rest.dropFirst(), key, isTheirs) : 0
        for name in try place.names {
            if part.isEmpty {
                count += try walk(place.child(name), rest, key, isTheirs)
                continue
            }
            for found in SubjectFiles.keys(of: name, part, key) {
                // An empty one: this part has no key in it.
                let bound = key ?? (found.isEmpty ? nil : found)
                if key == nil, let bound, !SubjectFiles.isTheirs(bound, isTheirs) { continue }
                count += try walk(place.child(name), rest.dropFirst(), bound, isTheirs)
            }
        }
        return count
    }

    /// A name that is no text is nobody's key.
    private static func isTheirs(_ key: [UInt8], _ isTheirs: (String) -> Bool) -> Bool {
        String(validating: key, as: UTF8.self).map(isTheirs) ?? false
    }

    /// The tree itself stays, empty, where all of it is theirs.
    private func remove(_ place: Place) throws -> Int {
        place.isRoot ? try removeContent(place) : try RawFolder.remove(place.path)
    }

    private func removeContent(_ place: Place) throws -> Int {
        guard RawFolder.isFolder(place.path) else { return 0 }
        return try RawFolder.names(in: place.path).reduce(0) { $0 + (try RawFolder.remove(place.path + [0x2F] + $1)) }
    }

    /// What `:key` can be when a part is to match a name; an empty one when the part has none, or it is known already.
    private static func keys(of name: [UInt8], _ part: Part, _ key: [UInt8]?) -> Set<[UInt8]> {
        var found = Set<[UInt8]>()
        func match(_ rest: ArraySlice<Element>, _ name: ArraySlice<UInt8>, _ bound: [UInt8]?) {
            guard let first = rest.first else {
                if name.isEmpty { found.insert(key == nil ? bound ?? [] : []) }
                return
            }
            switch first {
            case .byte(let byte): if name.first == byte { match(rest.dropFirst(), name.dropFirst(), bound) }
            case .any: if !name.isEmpty { match(rest.dropFirst(), name.dropFirst(), bound) }
            case .run: for end in name.startIndex...name.endIndex { match(rest.dropFirst(), name[end...], bound) }
            case .key:
                if let bound {
                    if name.starts(with: bound) { match(rest.dropFirst(), name.dropFirst(bound.count), bound) }
                } else if !name.isEmpty {
                    for end in name.startIndex + 1...name.endIndex {
                        match(rest.dropFirst(), name[end...], Array(name[..<end].suffix(end - name.startIndex)))
                    }
                }
            }
        }
        match(part[...], name[...], key)
        return found
    }
}
