import DataSources

/// A position in the engine's own words, as far as two of them can be compared.
enum EnginePosition: Sendable, Hashable {
    /// MariaDB: the highest sequence of each domain.
    case gtid([UInt32: UInt64])
    /// PostgreSQL: bytes since the beginning of its log.
    case lsn(UInt64)

    /// Reads `0-1-4711`, `0-1-4711,1-1-5` or `16/B374D848`; an empty text is MariaDB's state before the first transaction. Nil
    /// for anything else.
    init?(_ text: String, kind: SourceKind) {
        switch kind {
        case .mariadb:
            var state = [UInt32: UInt64]()
            for item in text.split(separator: ",") {
                let numbers = item.split(separator: "-", omittingEmptySubsequences: false).map { part in
                    part.trimming
                }
                guard numbers.count == 3, let domain = UInt32(numbers[0]), UInt32(numbers[1]) != nil,
                    let sequence = UInt64(numbers[2])
                else { return nil }
                state[domain] = max(sequence, state[domain] ?? 0)
            }
            self = .gtid(state)
        case .postgresql:
            guard let lsn = LSN(text) else { return nil }
            self = .lsn(lsn.byteCount)
        default: return nil
        }
    }

    /// `xid:741`: a transaction of PostgreSQL, which only the log itself can say the place of.
    static func isTransaction(_ text: String) -> Bool {
        text.hasPrefix("xid:") && UInt32(text.dropFirst("xid:".count)) != nil
    }

    /// Has a database that stands here everything that one at `other` has?
    func includes(_ other: EnginePosition) -> Bool {
        switch (self, other) {
        case (.gtid(let own), .gtid(let other)):
            return other.allSatisfy { domain, sequence in (own[domain] ?? 0) >= sequence }
        case (.lsn(let own), .lsn(let other)): return own >= other
        default: return false
        }
    }

    /// Does a log that ends here hold the whole transaction or record that `other` names? A record of PostgreSQL is named by
    /// its first byte, so that its end is behind it.
    func isBehind(_ other: EnginePosition) -> Bool {
        if case .lsn(let own) = self, case .lsn(let other) = other { return own > other }
        return includes(other)
    }

    /// May a restore to `target` begin with a base that stands here?
    func precedes(_ target: EnginePosition, isIncluded: Bool) -> Bool {
        switch (self, target) {
        case (.gtid(let own), .gtid(let target)):
            return target.allSatisfy { domain, sequence in
                let stands = own[domain] ?? 0
                return isIncluded ? stands <= sequence : stands < sequence
            }
        case (.lsn(let own), .lsn(let target)): return own <= target
        default: return false
        }
    }
}

extension Substring {
    fileprivate var trimming: Substring {
        var rest = drop { $0 == " " || $0 == "\n" }
        while rest.last == " " || rest.last == "\n" { rest.removeLast() }
        return rest
    }
}
