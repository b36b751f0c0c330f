/// A question that the observer asks again and again, from outside.
public struct Probe: Sendable, Hashable, Codable {
    /// What is asked.
    public enum Question: Sendable, Hashable, Codable {
        /// A request that must be answered as it says.
        case http(FrontDoorRequest)
        /// The name must resolve to one of `addresses` at `server` (`address:port`).
        case dns(name: String, server: String, addresses: [String])
    }

    /// Its name, unique in the scenario.
    public var name: String
    /// What is asked.
    public var question: Question
    /// How often.
    public var every: Duration
    /// After so long there is no answer.
    public var timeout: Duration
    /// So many failures, one after another, are a failure of the service.
    public var threshold: Int
    /// How it signs in when its request names what that captures; empty for the way of the beats.
    public var signIn: [FrontDoorRequest] = []
}

/// A request through the application's front door, and the answer that is right. `{name}` in address, fields, body and
/// expectations stands for a value: `{beat}`, `{content}`, `{sha256}` of the content, `{drill}`, or what an earlier request captured.
public struct FrontDoorRequest: Sendable, Hashable, Codable {
    /// GET, POST, PUT, DELETE.
    public var method: String
    /// Where to.
    public var url: String
    /// Header fields.
    public var headers: [String: String]
    /// A body; nil for none.
    public var body: String?
    /// The status that is right.
    public var status: Int
    /// What the answer's body must have in it; nil for anything.
    public var contains: String?
    /// What the answer's body must be, byte for byte; nil for anything.
    public var equals: String?
    /// Statuses that say: it is not there. Any other wrong status says nothing about that.
    public var absent: [Int]
    /// Values that are taken from the answer: name to the keys of a JSON value (`id`, `files.0.id`), or `cookie NAME`.
    public var captures: [String: String]

    /// A request by GET that wants 200.
    public init(url: String) {
        method = "GET"
        self.url = url
        headers = [:]
        status = 200
        absent = [404, 410]
        captures = [:]
    }
}

/// Beats: a row and a file, written through the front door, acknowledged, and looked for again after the restore.
public struct BeatPlan: Sendable, Hashable, Codable {
    /// How often.
    public var every: Duration
    /// After so long a beat is not acknowledged.
    public var timeout: Duration
    /// Before the first beat, and again when the service no longer knows us.
    public var signIn: [FrontDoorRequest]
    /// Writes beat `{beat}` with `{content}`; it is acknowledged when every answer is right.
    public var write: [FrontDoorRequest]
    /// Is its row there?
    public var readRow: FrontDoorRequest
    /// Is its file there, byte for byte?
    public var readFile: FrontDoorRequest
    /// So many must be acknowledged before the fault.
    public var minimumCount: Int
}
