/// One HTTP request, signed and ready.
struct HTTPRequest: Sendable {
    var method: String
    var url: String
    var headers: [RequestField]
    /// What is sent, straight from the caller's buffer.
    var body: ArraySlice<UInt8> = []
    /// The largest body taken of a successful answer.
    var largestBody = 1 << 20
}

/// The answer to a request. Of an error's body only the first 64 KiB are kept.
struct HTTPResponse: Sendable {
    var status = 0
    var headers: [RequestField] = []  // names in lower case
    var body: [UInt8] = []

    /// The first value of a header, named in lower case.
    func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// How transfers are made.
struct TransferSettings: Sendable {
    /// At most this many transfers run at a time; the rest wait their turn.
    var connectionCount = 8
    /// Until a connection stands.
    var connectSeconds = 10
    /// A transfer that moves nothing for so long has failed.
    var stallSeconds = 60
    /// PEM file of the certificates to trust instead of the system's.
    var certificateFile: String?
    /// Proxy address; nil for none, whatever the environment says.
    var proxy: String?
    /// Each transfer looks the name up anew and makes a connection of its own, as a stranger would.
    var isFresh = false
}

/// Why there was no answer.
enum TransferFailure: Error, Sendable {
    case cancelled
    /// The answer was larger than the request allowed.
    case tooLarge
    /// libcurl's code and what it says.
    case network(code: UInt32, text: String)
}
