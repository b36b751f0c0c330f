import Testing

@testable import Sealing

@Suite struct CompressionTests {
    static let text = [UInt8]((0..<40_000).flatMap { "line \($0)\n".utf8 })

    @Test("frames give back what went in, at every level", arguments: [-7, 1, 3, 9, 19] as [Int32])
    func roundTrip(level: Int32) throws {
        var compressor = Compressor(level: level)
        var decompressor = Decompressor()
        for input in [Self.text, SecureRandom.bytes(5000), [1], []] {
            let frame = try compressor.compress(input)
            #expect(frame.count <= Compressor.bound(input.count))
            #expect(try decompressor.decompress(frame, exactly: input.count) == input)
            #expect(try decompressor.decompress(frame, limit: input.count) == input)
        }
    }

    @Test("the highest level that is accepted asks for a window of 8 MiB, states the size and has no checksum")
    func frameHeader() throws {
        var compressor = Compressor(level: 99)
        let input = [UInt8](repeating: 3, count: 40 << 20)
        let frame = try compressor.compress(input)
        // RFC 8878, section 3.1.1.1: descriptor, then the window unless the frame is a single segment.
        let descriptor = frame[4]
        #expect(descriptor & 0b0010_0000 == 0, "a single segment would need a window as large as the input")
        #expect(descriptor >> 6 == 2, "four bytes of content size")
        #expect(descriptor & 0b100 == 0, "no checksum")
        let exponent = Int(frame[5] >> 3)
        let mantissa = Int(frame[5] & 7)
        #expect((1 << (10 + exponent)) + (1 << (10 + exponent)) / 8 * mantissa <= 8 << 20)
        #expect(frame[6..<10].reversed().reduce(0) { $0 << 8 | Int($1) } == input.count)
    }

    @Test("an output that is too small is an error, not an overrun")
    func smallOutput() {
        var compressor = Compressor(level: 3)
        var output = [UInt8](repeating: 0xEE, count: 64)
        let input = SecureRandom.bytes(1000)
        let error = output.withUnsafeMutableBytes { output in
            input.withUnsafeBytes { input in
                failure { () throws(SealingError) in
                    try compressor.compress(input, into: UnsafeMutableRawBufferPointer(rebasing: output[..<32]))
                }
            }
        }
        #expect(error?.code == .compressionFailed)
        #expect(output[32...].allSatisfy { $0 == 0xEE })
    }

    @Test("a frame that gives more or fewer bytes than promised is refused", arguments: [0, 1, 99, 101, 1000])
    func otherLength(count: Int) throws {
        var compressor = Compressor(level: 3)
        var decompressor = Decompressor()
        let frame = try compressor.compress([UInt8](repeating: 1, count: 100))
        let error = failure { () throws(SealingError) in try decompressor.decompress(frame, exactly: count) }
        #expect(error?.code == .lengthMismatch)
    }

    @Test("a bomb is refused at the limit, whether its size is stated or not", arguments: [true, false])
    func bomb(stated: Bool) throws {
        var compressor = Compressor(level: 3)
        var decompressor = Decompressor()
        var frame = try compressor.compress([UInt8](repeating: 0, count: 64 << 20))
        if !stated { frame = Self.withoutContentSize(frame) }
        #expect(frame.count < 10_000)
        #expect(
            failure { () throws(SealingError) in try decompressor.decompress(frame, limit: 1 << 20) }?.code == .tooLarge
        )
        #expect(try decompressor.decompress(frame, limit: 64 << 20).count == 64 << 20)
    }

    @Test("a stated size that the frame cannot hold reserves no memory and is refused")
    func lyingSize() {
        // Single segment, eight bytes of content size (2^60), one empty last raw block.
        let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0]
        var decompressor = Decompressor()
        let error = failure { () throws(SealingError) in try decompressor.decompress(frame, limit: .max) }
        #expect([.tooLarge, .decompressionFailed].contains(error?.code))
    }

    @Test("frames without size, several frames and skippable frames are read")
    func otherForms() throws {
        var compressor = Compressor(level: 3)
        var decompressor = Decompressor()
        let frame = try compressor.compress(Self.text)
        let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]
        let many = skippable + Self.withoutContentSize(frame) + skippable + frame + skippable
        #expect(try decompressor.decompress(many, limit: 1 << 30) == Self.text + Self.text)
        #expect(try decompressor.decompress(([9] + many)[1...], limit: 2 * Self.text.count) == Self.text + Self.text)
        #expect(try decompressor.decompress(many, exactly: 2 * Self.text.count) == Self.text + Self.text)
    }

    @Test("damaged frames are refused, and the decompressor works on", arguments: [0, 1, 3, 5, 40])
    func damage(position: Int) throws {
        var compressor = Compressor(level: 3)
        var decompressor = Decompressor()
        let frame = try compressor.compress(Self.text)
        #expect(failure { () throws(SealingError) in try decompressor.decompress([1, 2, 3], limit: 100) } != nil)
        let cut = Array(frame[..<(frame.count - 1 - position)])
        let error = failure { () throws(SealingError) in try decompressor.decompress(cut, limit: 1 << 30) }
        #expect(error?.code == .decompressionFailed)
        #expect(try decompressor.decompress(frame, limit: 1 << 30) == Self.text)
    }

    /// The same blocks under a header that states a window of 8 MiB and no content size.
    private static func withoutContentSize(_ frame: [UInt8]) -> [UInt8] {
        let descriptor = frame[4]
        let isSingle = descriptor & 0x20 != 0
        let sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        let blocks = 5 + (isSingle ? 0 : 1) + sizeBytes
        return frame[..<4] + [0, 13 << 3] + frame[blocks...]
    }
}
