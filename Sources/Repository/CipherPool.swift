import Sealing
import Synchronization

/// Ciphers, hashers and decompressors that are made once and lent out: setting one up costs more than opening a small blob.
final class CipherPool: Sendable {
    private let key: SealingKey
    private let idle = Mutex<[Tools]>([])

    /// What one thread needs to turn stored bytes into plain ones and back. Used by one thread at a time.
    final class Tools: @unchecked Sendable {  // lent to one borrower at a time by `CipherPool`
        var sealer: Sealer
        var hasher = SHA256Hasher()
        var decompressor = Decompressor()

        init(key: SealingKey) { sealer = Sealer(key: key) }
    }

    init(key: SealingKey) { self.key = key }

    /// Lends tools for the length of `body`.
    func borrow<R, E: Error>(_ body: (Tools) throws(E) -> R) throws(E) -> R {
        let tools = idle.withLock { $0.popLast() } ?? Tools(key: key)
        defer { idle.withLock { $0.append(tools) } }
        return try body(tools)
    }

    func seal(_ plain: [UInt8]) -> [UInt8] {
        borrow { tools in tools.sealer.seal(plain) }
    }

    func open(_ sealed: [UInt8]) throws(SealingError) -> [UInt8] {
        try borrow { (tools) throws(SealingError) in try tools.sealer.open(sealed) }
    }
}
