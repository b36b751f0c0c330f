/// Undoes deflate (RFC 1951) for the compressed events of a binary log. Gives at most `limit` bytes.
struct Inflate {
    private let input: ArraySlice<UInt8>
    private var at: Int
    private var bits: UInt32 = 0
    private var bitCount: UInt32 = 0
    private var output: [UInt8] = []
    private let limit: Int

    private init(_ input: ArraySlice<UInt8>, limit: Int) {
        self.input = input
        at = input.startIndex
        self.limit = limit
    }

    /// The compressed part of an event: a byte (bit 7 set, bits 4 to 6 the algorithm, 0 for zlib, bits 0 to 2 the number of
    /// bytes that follow), the length, big endian, then zlib's own two bytes and a deflate stream.
    ///
    /// - Parameter allowsCut: the beginning is enough, of what is there and of what comes out of it.
    /// - Returns: nil when it is malformed, or longer than `limit`.
    static func eventPart(_ bytes: ArraySlice<UInt8>, limit: Int, allowsCut: Bool) -> [UInt8]? {
        guard let first = bytes.first, first & 0xF0 == 0x80, (1...4).contains(first & 7) else { return nil }
        let lengthByteCount = Int(first & 7)
        guard bytes.count > 1 + lengthByteCount + 2 else { return nil }
        var length = 0
        for byte in bytes.dropFirst().prefix(lengthByteCount) { length = length << 8 | Int(byte) }
        guard allowsCut || length <= limit else { return nil }
        let stream = bytes.dropFirst(1 + lengthByteCount)
        guard stream[stream.startIndex] & 15 == 8 else { return nil }
        var inflate = Inflate(stream.dropFirst(2), limit: min(length, limit))
        let isWhole = inflate.run()
        return isWhole && inflate.output.count == length || allowsCut ? inflate.output : nil
    }

    /// Gives whether it came to the stream's own end.
    private mutating func run() -> Bool {
        while true {
            guard let isLast = take(1), let kind = take(2) else { return false }
            let isSound: Bool
            switch kind {
            case 0: isSound = stored()
            case 1: isSound = block(Inflate.fixedLiterals, Inflate.fixedDistances)
            case 2: isSound = dynamic()
            default: return false
            }
            guard isSound else { return false }
            if isLast == 1 { return true }
        }
    }

    private mutating func take(_ count: UInt32) -> Int? {
        while bitCount < count {
            guard at < input.endIndex else { return nil }
            bits |= UInt32(input[at]) << bitCount
            at += 1
            bitCount += 8
        }
        defer {
            bits >>= count
            bitCount -= count
        }
        return Int(bits & (1 << count - 1))
    }

    private mutating func stored() -> Bool {
        (bits, bitCount) = (0, 0)
        guard input.endIndex - at >= 4 else { return false }
        let length = Int(input[at]) | Int(input[at + 1]) << 8
        guard length ^ 0xFFFF == Int(input[at + 2]) | Int(input[at + 3]) << 8 else { return false }
        at += 4
        let bytes = input[at..<min(at + length, input.endIndex)].prefix(limit - output.count)
        output += bytes
        at += bytes.count
        return bytes.count == length
    }

    /// Codes by their lengths, as RFC 1951 3.2.2 orders them.
    private struct Codes {
        /// How many codes have each length, and the symbols in the codes' order.
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init?(_ lengths: some Collection<Int>) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var left = 1
            for length in 1...15 {
                left = left << 1 - counts[length]
                if left < 0 { return nil }
            }
            symbols = lengths.enumerated().filter { $0.element > 0 }
                .sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.map(\.offset)
        }
    }

    private static let fixedLiterals = Codes(
        Array(repeating: 8, count: 144) + Array(repeating: 9, count: 112) + Array(repeating: 7, count: 24)
            + Array(repeating: 8, count: 8))
    private static let fixedDistances = Codes(Array(repeating: 5, count: 30))
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private mutating func symbol(_ codes: Codes) -> Int? {
        var (code, first, index) = (0, 0, 0)
        for length in 1...15 {
            guard let bit = take(1) else { return nil }
            code |= bit
            let count = codes.counts[length]
            if code - count < first { return codes.symbols[index + code - first] }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        return nil
    }

    private mutating func dynamic() -> Bool {
        guard let literalCount = take(5), let distanceCount = take(5), let lengthCount = take(4) else { return false }
        var lengths = [Int](repeating: 0, count: 19)
        for index in 0..<lengthCount + 4 {
            guard let length = take(3) else { return false }
            lengths[Inflate.lengthOrder[index]] = length
        }
        guard let codes = Codes(lengths) else { return false }
        let wanted = literalCount + 257 + distanceCount + 1
        lengths = []
        while lengths.count < wanted {
            guard let symbol = symbol(codes) else { return false }
            let (value, extra, least): (Int, UInt32, Int)
            switch symbol {
            case 16:
                guard let last = lengths.last else { return false }
                (value, extra, least) = (last, 2, 3)
            case 17: (value, extra, least) = (0, 3, 3)
            case 18: (value, extra, least) = (0, 7, 11)
            default: (value, extra, least) = (symbol, 0, 1)
            }
            guard let more = take(extra) else { return false }
            lengths += Array(repeating: value, count: least + more)
        }
        guard lengths.count == wanted else { return false }
        return block(Codes(lengths[..<(literalCount + 257)]), Codes(Array(lengths[(literalCount + 257)...])))
    }

    private mutating func block(_ literals: Codes?, _ distances: Codes?) -> Bool {
        guard let literals, let distances else { return false }
        while true {
            guard let symbol = symbol(literals) else { return false }
            if symbol == 256 { return true }
            guard output.count < limit else { return false }
            if symbol < 256 {
                output.append(UInt8(symbol))
                continue
            }
            let place = symbol - 257
            guard place < 29,
                let extra = take(place < 8 || place == 28 ? 0 : UInt32(place / 4 - 1)),
                let way = self.symbol(distances), way < 30,
                let further = take(way < 4 ? 0 : UInt32(way / 2 - 1))
            else { return false }
            let (length, distance) = (Inflate.lengthBases[place] + extra, Inflate.distanceBases[way] + further)
            guard distance <= output.count else { return false }
            for _ in 0..<min(length, limit - output.count) { output.append(output[output.count - distance]) }
        }
    }
}
