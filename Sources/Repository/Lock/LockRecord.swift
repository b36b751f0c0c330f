import FoundationEssentials

/// What a lock object says, in restic's words.
public struct LockRecord: Sendable, Hashable, Codable {
    /// When it was made or refreshed last, RFC 3339.
    public var time: String
    /// Does it exclude all others?
    public var exclusive: Bool
    /// The machine.
    public var hostname: String
    /// The user.
    public var username: String
    /// The process.
    public var pid: Int32
    /// The user's number; left out when 0.
    public var uid: UInt32?
    /// The group's number; left out when 0.
    public var gid: UInt32?

    /// For messages: who holds it since when.
    public var holder: String {
        "\(exclusive ? "an exclusive" : "a shared") lock held by \(username)@\(hostname), process \(pid), since \(time)"
    }

    init(
        time: String, exclusive: Bool, hostname: String, username: String, pid: Int32, uid: UInt32?, gid: UInt32?
    ) {
        self.time = time
        self.exclusive = exclusive
        self.hostname = hostname
        self.username = username
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(LockRecord.self, from: Data(json))
    }

    func json() throws -> [UInt8] {
        Array(try JSONEncoder().encode(self))
    }
}

/// Who takes a lock: the process as others shall see it.
public struct LockOwner: Sendable, Hashable {
    /// The machine's name.
    public var hostname: String
    /// The user's name.
    public var username: String
    /// This process.
    public var pid: Int32
    /// The user's number.
    public var uid: UInt32
    /// The group's number.
    public var gid: UInt32

    /// Describes a process.
    public init(hostname: String, username: String, pid: Int32, uid: UInt32, gid: UInt32) {
        self.hostname = hostname
        self.username = username
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    func record(exclusive: Bool, time: String) -> LockRecord {
        LockRecord(
            time: time, exclusive: exclusive, hostname: hostname, username: username, pid: pid,
            uid: uid == 0 ? nil : uid, gid: gid == 0 ? nil : gid)
    }
}
