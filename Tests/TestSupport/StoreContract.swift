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
        /// A name may have hundreds of bytes.
        case longNames
        /// `.ifAbsent` is honoured.
        case conditions
        /// Names with `+`, `%41`, spaces and the like come back as they went in.
        case oddNames
        /// A page of a listing ends where it was told to, at sizes of a thousand and more.
        case manyObjects
        /// Deleting a name that is not there does no harm.
        case deletingAbsent
        /// What is cancelled is not visible.
        case cancelling
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

    /// Bytes that differ from place to place and from seed to seed.
    public static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }
}

/// Names compared as bytes; Swift takes two spellings of `é` for one.
func utf8(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }
