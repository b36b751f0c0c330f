import Glibc
public import ObjectStore
public import Testing

/// What every `ObjectStore` promises, as claims that each implementation and each decorator is put through.
///
///     @Test("a directory keeps the contract", arguments: StoreContract.claims(except: .nestedNames))
///     func contract(claim: StoreContract.Claim) async throws { try await claim.check(store) }
///
/// A claim expects an empty store and leaves its objects behind.
public enum StoreContract {
    /// What a store may be unable to do; the claims that need it are then left out.
    public enum Ability: Sendable, Hashable, CaseIterable {
        /// `a` and `a/b` can both be objects.
        case nestedNames
        /// A part of a name may have more than 255 bytes.
        case longParts
        /// A reader of an object that is being replaced sees the old or the new one.
        case atomicReplacing
        /// `.ifAbsent` is honoured.
        case conditions
    }

    /// One promise.
    public struct Claim: Sendable, CustomTestStringConvertible {
        /// The promise as a sentence.
        public let sentence: String
        let needs: Set<Ability>
        let body: @Sendable (any ObjectStore) async throws -> Void

        public var testDescription: String { sentence }

        init(
            _ sentence: String, _ needs: Set<Ability> = [],
            _ body: @escaping @Sendable (any ObjectStore) async throws -> Void
        ) {
            self.sentence = sentence
            self.needs = needs
            self.body = body
        }

        /// Puts an empty store to the test.
        public func check(_ store: any ObjectStore) async throws {
            try await body(store)
        }
    }

    /// All claims but those that need one of the abilities.
    public static func claims(except missing: Ability...) -> [Claim] {
        (objects + conditions + listings + concurrency).filter { $0.needs.isDisjoint(with: missing) }
    }

    /// Expects `work` to throw a `StoreError` of that code.
    public static func expect(
        _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ work: () async throws -> Void
    ) async {
        let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try await work() }
        guard let error else { return }
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.message.isEmpty, sourceLocation: sourceLocation)
        #expect(!error.subject.isEmpty, sourceLocation: sourceLocation)
    }

    /// Bytes that differ from seed to seed and, for 64 KiB, from place to place; larger ones repeat those (tests are not
    /// optimised, so drawing each would take seconds).
    public static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let block = (0..<min(count, 65_521)).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        var all = [UInt8]()
        all.reserveCapacity(count)
        while all.count < count { all += block.prefix(count - all.count) }
        return all
    }

    /// True when both are the same bytes; `==` takes seconds for megabytes in tests that are not optimised.
    public static func same(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count
            && one.withUnsafeBytes { left in
                other.withUnsafeBytes { right in
                    guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                    return memcmp(left, right, one.count) == 0
                }
            }
    }
}

/// Names compared as bytes; Swift takes two spellings of `é` for one.
func utf8(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }
