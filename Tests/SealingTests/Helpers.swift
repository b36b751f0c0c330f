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
