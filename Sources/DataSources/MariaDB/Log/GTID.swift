/// Names a transaction: domain, server, sequence number. Written `0-1-4711`.
struct GTID: Sendable, Hashable, CustomStringConvertible {
    let domain: UInt32
    let server: UInt32
    let sequence: UInt64

    var description: String { "\(domain)-\(server)-\(sequence)" }

    init(domain: UInt32, server: UInt32, sequence: UInt64) {
        self.domain = domain
        self.server = server
        self.sequence = sequence
    }

    /// Reads `0-1-4711`; nil for anything else.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let domain = UInt32(parts[0]), let server = UInt32(parts[1]), let sequence = UInt64(parts[2])
        else { return nil }
        self.init(domain: domain, server: server, sequence: sequence)
    }
}

/// Where a server stands: the last transaction of every server in every domain, as `gtid_binlog_state` has it. In a domain the
/// newest comes last; the domains are in the order of their numbers, so equal states are equal texts.
struct GTIDState: Sendable, Hashable, CustomStringConvertible {
    private var domains: [UInt32: [GTID]] = [:]

    init() {}

    /// Reads `0-1-5,1-2-9`; nil when a part is no GTID.
    init?(_ text: some StringProtocol) {
        for part in text.split(separator: ",") {
            guard let gtid = GTID(part.drop { $0 == " " }) else { return nil }
            add(gtid)
        }
    }

    /// That transaction is the newest of its domain.
    mutating func add(_ gtid: GTID) {
        domains[gtid.domain, default: []].removeAll { $0.server == gtid.server }
        domains[gtid.domain, default: []].append(gtid)
    }

    /// All, in their order.
    var all: [GTID] {
        domains.keys.sorted().flatMap { domain in
            let entries = domains[domain, default: []]
            return entries.dropLast().sorted { $0.server < $1.server } + entries.suffix(1)
        }
    }

    /// The newest of each domain, as `gtid_binlog_pos` has it.
    var newest: [GTID] { domains.keys.sorted().compactMap { domains[$0]?.last } }

    /// The newest of a domain.
    func newest(of domain: UInt32) -> GTID? { domains[domain]?.last }

    var description: String { all.map(\.description).joined(separator: ",") }
}
