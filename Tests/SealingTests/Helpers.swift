@testable import Sealing

/// What `body` throws, nil when it throws nothing.
func failure<R>(_ body: () throws(SealingError) -> R) -> SealingError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

extension SecretBytes {
    func copy() -> [UInt8] { withBytes { [UInt8]($0) } }
}

extension Sealer {
    mutating func seal(_ plaintext: [UInt8], nonce: [UInt8]) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plaintext.count + Self.overhead)
        sealed.withUnsafeMutableBytes { output in
            plaintext.withUnsafeBytes { input in
                nonce.withUnsafeBytes { seal(input, nonce: $0, into: output) }
            }
        }
        return sealed
    }
}

extension Decompressor {
    mutating func decompress(_ input: [UInt8], exactly count: Int) throws(SealingError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        var span = output.mutableSpan
        try span.withUnsafeMutableBytes { (target) throws(SealingError) in
            try input.span.withUnsafeBytes { (source) throws(SealingError) in
                _ = try decompress(source, into: target)
            }
        }
        return output
    }
}
