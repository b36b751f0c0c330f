/// The rules for names, and comparing them as bytes.
///
/// Swift compares strings by canonical equivalence, so that two spellings of `é` are equal; to a store they are two names.
/// Whatever compares names goes through here.
enum ObjectName {
    /// The longest name, in bytes. S3 allows 1024 with the prefix; the rest is room for that.
    static let largestByteCount = 900

    /// Throws `.invalidName` unless `name` keeps the rules of `ObjectStore`.
    static func validate(_ name: String, in location: String) throws(StoreError) {
        if let flaw = flaw(of: name) {
            throw StoreError(.invalidName, "the name \(name.debugDescription) \(flaw)", subject: location)
        }
    }

    /// True when `name` keeps the rules.
    static func isValid(_ name: String) -> Bool { flaw(of: name) == nil }

    private static func flaw(of name: String) -> String? {
        let bytes = name.utf8
        if bytes.isEmpty { return "is empty" }
        if bytes.count > largestByteCount { return "has \(bytes.count) of at most \(largestByteCount) bytes" }
        if bytes.contains(0) { return "holds a NUL" }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            switch part.count {
            case 0: return "has an empty part"
            case 1 where part.elementsEqual(".".utf8), 2 where part.elementsEqual("..".utf8):
                return "has a part that is a dot or two"
            default: continue
            }
        }
        return nil
    }

    /// True when the bytes of `one` sort before those of `other`.
    static func precedes(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// True when the bytes of `name` begin with those of `prefix`.
    static func begins(_ name: String, with prefix: String) -> Bool {
        name.utf8.starts(with: prefix.utf8)
    }

    /// True when both are the same bytes.
    static func same(_ one: String, _ other: String) -> Bool {
        one.utf8.elementsEqual(other.utf8)
    }

    /// What follows the last `/`, or all of it.
    static func lastPart(of name: String) -> Substring {
        guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name[...] }
        return name[name.utf8.index(after: slash)...]
    }
}

extension StoreError {
    /// The task that asked was cancelled.
    static func cancelled(_ subject: String) -> StoreError {
        StoreError(.cancelled, "the request was cancelled", subject: subject)
    }

    /// No object has that name.
    static func notFound(_ name: String, in location: String) -> StoreError {
        StoreError(.notFound, "there is no object \(name)", subject: location)
    }

    /// A conditional put came too late.
    static func alreadyExists(_ name: String, in location: String) -> StoreError {
        StoreError(.alreadyExists, "an object \(name) is there already", subject: location)
    }

    /// The range lies beyond the object.
    static func invalidRange(_ range: Range<UInt64>, _ name: String, byteCount: UInt64?, in location: String)
        -> StoreError
    {
        let size = byteCount.map { "\($0) bytes" } ?? "fewer bytes"
        return StoreError(
            .invalidRange,
            "bytes \(range.lowerBound) to \(range.upperBound) of \(name) were asked for, which has \(size)",
            subject: location)
    }
}
