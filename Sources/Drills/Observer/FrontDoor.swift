import ObjectStore

/// Sends requests through the application's front door and judges the answers.
struct FrontDoor: Sendable {
    /// What became of requests.
    enum Outcome: Sendable, Hashable {
        /// Every answer was right; what was captured from them.
        case right([String: String])
        /// An answer was wrong, with this status.
        case wrong(status: Int, reason: String)
        /// There was no answer.
        case silent(reason: String)

        /// The service does not know who asks: refused, or sent elsewhere to sign in.
        var isStranger: Bool {
            if case .wrong(let status, _) = self {
                [401, 403].contains(status) || (300..<400).contains(status)
            } else {
                false
            }
        }

        /// Why it is not right; nil when it is.
        var reason: String? {
            switch self {
            case .right: nil
            case .wrong(_, let reason), .silent(let reason): reason
            }
        }
    }

    private let client = HTTPClient()

    /// Sends them one after another, all within `timeout`, until one is not answered right.
    func send(_ plans: [FrontDoorRequest], _ values: RequestValues, timeout: Duration) async -> Outcome {
        let end = ContinuousClock.now + timeout
        var captured: [String: String] = [:]
        for plan in plans {
            let outcome = await send(plan, values.adding(captured), timeout: end - .now)
            guard case .right(let more) = outcome else { return outcome }
            captured.merge(more) { _, new in new }
        }
        return .right(captured)
    }

    /// Sends one.
    func send(_ plan: FrontDoorRequest, _ values: RequestValues, timeout: Duration) async -> Outcome {
        let request = values.request(plan)
        switch await client.send(request, timeout: max(timeout, .zero)) {
        case .failure(let failure): return .silent(reason: failure.message)
        case .success(let answer): return Self.judge(answer, plan, values)
        }
    }

    static func judge(_ answer: HTTPClient.Answer, _ plan: FrontDoorRequest, _ values: RequestValues) -> Outcome {
        guard answer.status == plan.status else {
            return .wrong(status: answer.status, reason: "status \(answer.status), not \(plan.status)")
        }
        if let wanted = plan.equals.map({ Array(values.fill($0).utf8) }), wanted != answer.body {
            return .wrong(status: answer.status, reason: "the answer is another one, of \(answer.body.count) bytes")
        }
        if let wanted = plan.contains.map({ Array(values.fill($0).utf8) }), answer.body.firstRange(of: wanted) == nil {
            return .wrong(status: answer.status, reason: "the answer has other text in it")
        }
        guard let captured = RequestValues.captured(plan.captures, from: answer) else {
            return .wrong(status: answer.status, reason: "the answer does not have what is to be captured")
        }
        return .right(captured)
    }
}
