import Sealing
import TestSupport
import Testing

@testable import Chunking

@Suite struct FastCDCTests {
    static let key = [UInt8](0..<32)
    static let small = FastCDCCutter(key: key, minimum: 256, normal: 1024, maximum: 4096)
    static let odd = FastCDCCutter(key: key, minimum: 65, normal: 256, maximum: 1001)
    static let dump = FastCDCCutter(key: key, minimum: 4 << 10, normal: 16 << 10, maximum: 64 << 10)

    /// The length of the first chunk, one byte a step, straight from the definition in `FastCDCCutter`.
    private func plainLength(_ input: ArraySlice<UInt8>, _ cutter: FastCDCCutter) -> Int {
        let gear = cutter.tables
        return input.withUnsafeBufferPointer { bytes in
            let limit = min(bytes.count, cutter.maximumByteCount)
            guard limit > cutter.minimumByteCount else { return limit }
            var length = cutter.minimumByteCount
            var hash: UInt64 = 0
            for offset in length - 64..<length { hash = hash &<< 1 &+ gear[Int(bytes[offset])] }
            while length < limit {
                let mask = length < cutter.normalByteCount ? cutter.strictMask : cutter.looseMask
                if hash & mask == 0 { return length }
                hash = hash &<< 1 &+ gear[Int(bytes[length])]
                length += 1
            }
            return limit
        }
    }

    @Test("two bytes a step cut where one byte a step does", arguments: [small, odd, dump])
    func equalsThePlainLoop(cutter: FastCDCCutter) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the FastCDC comparison: \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<8 {
            var input = generator.bytes(Int.random(in: 0...1 << 20, using: &generator))
            if Bool.random(using: &generator), input.count > 5000 {
                input.replaceSubrange(2000..<4000, with: [UInt8](repeating: 0, count: 2000))
            }
            var start = 0
            for length in cutter.lengths(of: input) {
                #expect(length == plainLength(input[start...], cutter), "seed \(seed), chunk at \(start)")
                start += length
            }
        }
    }

    @Test("every length of a short stream is cut as the plain loop cuts it", arguments: [small, odd])
    func shortStreams(cutter: FastCDCCutter) {
        var generator = SeededGenerator(seed: 1)
        let input = generator.bytes(1500)
        for count in 1...input.count {
            let piece = [UInt8](input[..<count])
            #expect(cutter.lengths(of: piece).first == plainLength(piece[...], cutter), "\(count) bytes")
        }
    }

    @Test("pieces join to the input and keep their bounds", arguments: [small, odd, dump])
    func bounds(cutter: FastCDCCutter) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the FastCDC bounds: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let input = generator.bytes(4 << 20)
        let lengths = cutter.lengths(of: input)
        #expect(lengths.reduce(0, +) == input.count)
        #expect(lengths.dropLast().allSatisfy { $0 >= cutter.minimumByteCount && $0 <= cutter.maximumByteCount })
        let mean = input.count / lengths.count
        #expect(mean > cutter.normalByteCount * 3 / 4 && mean < cutter.normalByteCount * 7 / 4, "seed \(seed): \(mean)")
    }

    @Test("a byte put in at the front changes few chunks")
    func shiftResistance() {
        var generator = SeededGenerator(seed: 2)
        let input = generator.bytes(4 << 20)
        let before = Set(Self.dump.digests(of: input))
        let after = Self.dump.digests(of: [7] + input)
        #expect(after.filter { !before.contains($0) }.count <= 4)
    }

    @Test("bytes changed in the middle change few chunks")
    func localChange() {
        var generator = SeededGenerator(seed: 3)
        var input = generator.bytes(4 << 20)
        let before = Set(Self.dump.digests(of: input))
        input.replaceSubrange(2_000_000..<2_000_010, with: generator.bytes(23))
        #expect(Self.dump.digests(of: input).filter { !before.contains($0) }.count <= 4)
    }

    @Test("two keys cut at different places, one key always at the same")
    func keyed() {
        var generator = SeededGenerator(seed: 4)
        let input = generator.bytes(1 << 20)
        let other = FastCDCCutter(key: [UInt8](1...32), minimum: 4 << 10, normal: 16 << 10, maximum: 64 << 10)
        let same = FastCDCCutter(key: Self.key, minimum: 4 << 10, normal: 16 << 10, maximum: 64 << 10)
        #expect(same.lengths(of: input) == Self.dump.lengths(of: input))
        #expect(Set(other.digests(of: input)).intersection(Self.dump.digests(of: input)).count <= 1)
    }

    @Test("the cuts of a known key stay as they are, or every repository loses its deduplication")
    func knownCuts() {
        var generator = SeededGenerator(seed: 5)
        let input = generator.bytes(8 << 20)
        let set = CutterSet(key: Self.key)
        let files = set.cutter(for: .files, byteCount: 0).lengths(of: input)
        #expect(files == [1_525_958, 1_294_318, 1_242_917, 1_559_584, 1_114_595, 1_059_417, 591_819])
        let dump = set.cutter(for: .dump, byteCount: 0).lengths(of: input)
        #expect(dump.prefix(6) == [4325, 3216, 4416, 4828, 4524, 2936])
        let behind = set.cutter(for: .dump, byteCount: CutterSet.fineDumpByteCount).lengths(of: input)
        #expect(behind.prefix(6) == [16_654, 5_242, 27_225, 16_763, 20_069, 17_925])
    }

    @Test("bytes that never change give chunks of one length", arguments: [UInt8(0), 1, 255])
    func constantInput(byte: UInt8) {
        let lengths = Self.dump.lengths(of: [UInt8](repeating: byte, count: 1 << 20))
        #expect(Set(lengths.dropLast()).count == 1)
    }

    @Test("the key stream is that of RFC 8439, section 2.3.2")
    func chaCha20() {
        let block = ChaCha20(key: Self.key).block(counter: 1, nonce: (0x0900_0000, 0x4a00_0000, 0))
        #expect(block.prefix(4) == [0xe4e7_f110, 0x1559_3bd1, 0x1fdd_0f50, 0xc471_20a3])
        #expect(block.suffix(2) == [0xe883_d0cb, 0x4e3c_50a2])
    }
}
