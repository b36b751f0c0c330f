/// Requests to services that are no store: a probe of an application. Each looks the name up anew and goes over a connection of its
/// own, as a stranger's would; redirects are not followed, proxies not used.
public final class HTTPClient: Sendable {
    /// A request.
    public struct Request: Sendable {
        /// GET, POST, PUT, PATCH, DELETE, HEAD.
        public var method: String
        /// `http:` or `https:`.
        public var url: String
        /// Header fields.
        public var headers: [String: String]
        /// What is sent with POST, PUT and PATCH.
        public var body: [UInt8]
        /// The largest body that is taken of an answer with a status from 200 to 299, bytes; of others 64 KiB are kept.
        public var largestBody = 1 << 20

        /// A request.
        public init(_ method: String, _ url: String, headers: [String: String] = [:], body: [UInt8] = []) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    /// An answer.
    public struct Answer: Sendable, Hashable {
        /// 200.
        public var status: Int
        /// Values of the field `set-cookie`.
        public var cookies: [String]
        /// Its body.
        public var body: [UInt8]

        /// An answer.
        public init(status: Int, cookies: [String] = [], body: [UInt8]) {
            self.status = status
            self.cookies = cookies
            self.body = body
        }
    }

    /// Why there was none.
    public struct Failure: Error, Sendable, Hashable {
        /// A line for people.
        public let message: String
    }

    private let lane: TransferLane

    /// A client with at most `connectionCount` requests on their way at a time.
    public init(connectionCount: Int = 32) {
        var settings = TransferSettings()
        settings.connectionCount = connectionCount
        // The caller's time-out is the one that counts.
        settings.connectSeconds = 3600
        settings.stallSeconds = 3600
        settings.isFresh = true
        lane = TransferLane(settings: settings)
    }

    /// Sends a request; gives the answer when all of it is there within `timeout`. Cancelling the task takes it off the wire.
    public func send(_ request: Request, timeout: Duration) async -> Result<Answer, Failure> {
        await withTaskGroup(of: Result<Answer, Failure>?.self) { group in
            group.addTask { await self.send(request) }
            group.addTask {
                // Cancelled means that the answer is there.
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = await group.next(), let result = first else {
                return .failure(Failure(message: "no answer after \(timeout)"))
            }
            return result
        }
    }

    private func send(_ request: Request) async -> Result<Answer, Failure> {
        let fields = request.headers.sorted { $0.key < $1.key }.map { RequestField($0.key, $0.value) }
        // A line end in a field would make another field of it.
        guard !fields.contains(where: { ($0.name + $0.value).utf8.contains { $0 < 0x20 } }) else {
            return .failure(Failure(message: "a header field has a control character"))
        }
        let message = HTTPRequest(
            method: request.method, url: request.url, headers: fields, body: request.body[...],
            largestBody: request.largestBody)
        do throws(TransferFailure) {
            let response = try await lane.send(message)
            let cookies = response.headers.filter { $0.name == "set-cookie" }.map(\.value)
            return .success(Answer(status: response.status, cookies: cookies, body: response.body))
        } catch {
            return .failure(Self.failure(error))
        }
    }

    private static func failure(_ failure: TransferFailure) -> Failure {
        switch failure {
        case .cancelled: Failure(message: "cancelled")
        case .tooLarge: Failure(message: "the answer is larger than was allowed")
        case .network(_, let text): Failure(message: text)
        }
    }
}
