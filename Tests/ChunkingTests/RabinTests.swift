import Foundation
import Sealing
import TestSupport
import Testing

@testable import Chunking

@Suite struct RabinTests {
    struct Piece: Decodable, Sendable {
        let length: Int
        let sha256: String
    }
    struct Vectors: Decodable, Sendable {
        let file_sha256: [String: String]
        let chunks_by_polynomial: [String: [String: [Piece]]]
    }
    struct Candidates: Decodable, Sendable {
        struct Candidate: Decodable, Sendable {
            let polynomial: String
            let irreducible: Bool
        }
        let candidates: [Candidate]
    }
    static func read<T: Decodable>(_ name: String) throws -> T {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name)")
        return try JSONDecoder().decode(T.self, from: Data(contentsOf: url))
    }

    /// The inputs that the vectors name, by their recipes.
    static let inputs: [String: [UInt8]] = {
        var counter = [UInt8]()
        counter.reserveCapacity(20 << 20)
        for number in 0..<UInt64(20 << 20) / 32 {
            SHA256.digest(withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }).append(to: &counter)
        }
        return [
            "sha256-counter-20MiB": counter,
            "zeros-3MiB+5": [UInt8](repeating: 0, count: 3_145_733),
            "ones-20MiB": [UInt8](repeating: 1, count: 20 << 20),
            "min-1": [UInt8](counter[..<524_287]),
            "min": [UInt8](counter[..<524_288]),
            "min+1": [UInt8](counter[..<524_289]),
            "short": [UInt8](counter[..<1000]),
        ]
    }()

    @Test("chunks are the ones that restic stored", arguments: ["0x3da3358b4dc173", "other"])
    func knownCuts(name: String) throws {
        let vectors: Vectors = try Self.read("rabin.json")
        let names = vectors.chunks_by_polynomial.keys.sorted()
        try #require(names.count == 2 && names.contains("0x3da3358b4dc173"))
        let chosen = try #require(names.first { ($0 == "0x3da3358b4dc173") == (name == "0x3da3358b4dc173") })
        let cutter = RabinCutter(polynomial: try #require(Polynomial(hex: String(chosen.dropFirst(2)))))
        for (file, pieces) in try #require(vectors.chunks_by_polynomial[chosen]) {
            let input = try #require(Self.inputs[file], "no recipe for \(file)")
            #expect(SHA256.digest(input).hex == vectors.file_sha256[file])
            #expect(cutter.lengths(of: input) == pieces.map(\.length), "\(file)")
            #expect(cutter.digests(of: input).map(\.hex) == pieces.map(\.sha256), "\(file)")
        }
    }

    @Test("irreducible polynomials are told from others")
    func knownPolynomials() throws {
        let vectors: Candidates = try Self.read("polynomials.json")
        #expect(vectors.candidates.count == 44)
        for candidate in vectors.candidates {
            let polynomial = try #require(Polynomial(hex: candidate.polynomial))
            #expect(polynomial.isIrreducible == candidate.irreducible, "\(candidate.polynomial)")
            #expect(polynomial.hex == candidate.polynomial)
            #expect(Polynomial(hex: candidate.polynomial.uppercased()) == polynomial)
        }
    }

    @Test(
        "what is no polynomial of degree 53 is refused",
        arguments: [
            "", "0", "3", "407", "1da3358b4dc173", "7da3358b4dc173", "0x3da3358b4dc173", "+3da3358b4dc173", "zz",
        ])
    func refused(text: String) {
        #expect(Polynomial(hex: text) == nil)
    }

    @Test("a drawn polynomial is irreducible and of degree 53")
    func drawn() {
        var generator = SeededGenerator(seed: 53)
        for _ in 0..<5 {
            let polynomial = Polynomial.random(using: &generator)
            #expect(polynomial.isIrreducible && polynomial.coefficients >> 53 == 1)
        }
    }

    @Test("the search in four stretches finds the first cut, as restic's own loop does")
    func equalsThePlainLoop() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the Rabin comparison: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let polynomial = Polynomial.random(using: &generator)
        let cutter = RabinCutter(polynomial: polynomial)
        let input = generator.bytes(24 << 20)
        var start = 0
        for length in cutter.lengths(of: input) {
            #expect(length == plainLength(input[start...], polynomial), "seed \(seed), chunk at \(start)")
            start += length
        }
    }

    /// The length of the first chunk, straight from the definition in RESTIC-FORMAT: restic's step with its two tables.
    private func plainLength(_ input: ArraySlice<UInt8>, _ polynomial: Polynomial) -> Int {
        let limit = min(input.count, 8 << 20)
        guard limit > 512 << 10 else { return limit }
        let out = (0..<256).map { polynomial.multiply(polynomial.powerOfX(504), UInt64($0)) }
        let mod = (0..<256).map { polynomial.multiply(polynomial.powerOfX(53), UInt64($0)) | UInt64($0) << 53 }
        return input.withUnsafeBufferPointer { bytes in
            var hash: UInt64 = 0
            func append(_ byte: UInt8) { hash = (hash << 8 | UInt64(byte)) ^ mod[Int(hash >> 45)] }
            var length = 512 << 10
            for offset in length - 64..<length { append(bytes[offset]) }
            while length < limit, hash & 0xFFFFF != 0 {
                hash ^= out[Int(bytes[length - 64])]
                append(bytes[length])
                length += 1
            }
            return length
        }
    }
}
