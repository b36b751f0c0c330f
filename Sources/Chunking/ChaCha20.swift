/// The ChaCha20 block function (RFC 8439, section 2.3), here only to spread a key over a table. Not for encryption: it is plain
/// Swift and runs a few dozen times per repository.
struct ChaCha20 {
    private let key: [UInt32]

    /// Takes a key of 32 bytes.
    init(key: [UInt8]) {
        precondition(key.count == 32, "a ChaCha20 key has 32 bytes")
        self.key = (0..<8).map { word in
            (0..<4).reduce(0) { $0 | UInt32(key[4 * word + $1]) << UInt32(8 * $1) }
        }
    }

    /// The sixteen words of block `counter` under the nonce of three words.
    func block(counter: UInt32, nonce: (UInt32, UInt32, UInt32)) -> [UInt32] {
        let start = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574] + key + [counter, nonce.0, nonce.1, nonce.2]
        var state = start
        for _ in 0..<10 {
            for column in 0..<4 {
                Self.quarterRound(&state, column, 4 + column, 8 + column, 12 + column)
            }
            for column in 0..<4 {
                Self.quarterRound(
                    &state, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
            }
        }
        return zip(state, start).map { $0 &+ $1 }
    }

    private static func quarterRound(_ state: inout [UInt32], _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        func mix(_ x: Int, _ y: Int, _ z: Int, _ count: UInt32) {
            state[x] = state[x] &+ state[y]
            state[z] ^= state[x]
            state[z] = state[z] << count | state[z] >> (32 - count)
        }
        mix(a, b, d, 16)
        mix(c, d, b, 12)
        mix(a, b, d, 8)
        mix(c, d, b, 7)
    }
}
