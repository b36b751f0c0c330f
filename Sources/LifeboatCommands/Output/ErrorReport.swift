import Settings

/// What an operator is told of a failure: three lines, or one JSON object, both from the same value.
struct ErrorReport: Encodable, Equatable {
    let messageType = "error"
    /// The kind, a word for scripts.
    let code: String
    /// What happened.
    let message: String
    /// Which object or path; empty when the message says it.
    let place: String
    /// What to do next; empty when there is nothing to add.
    let hint: String
    /// How the program ends because of it.
    let exitCode: Int32
    /// Where several things are wrong at once: each of them.
    var problems: [SettingsProblem]?

    enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case code, message
        case place = "where"
        case hint
        case exitCode = "exit_code"
        case problems
    }

    /// Describes any error; those of other libraries as they describe themselves.
    init(_ error: any Error) {
        guard let error = error as? any DescribedError else {
            code = "failed"
            message = ErrorReport.oneLine("\(error)")
            place = ""
            hint = ""
            exitCode = ExitStatus.failed.rawValue
            return
        }
        code = error.kind
        message = ErrorReport.oneLine(error.message)
        place = ErrorReport.oneLine(error.subject)
        hint = error.hint
        exitCode = error.exitStatus.rawValue
        problems = error.problems.isEmpty ? nil : error.problems
    }

    /// `error: …`, `where: …`, `hint: …`; empty parts are left out. Of several problems each has its lines.
    var lines: [String] {
        if let problems {
            return problems.flatMap { problem in
                ["error: " + ErrorReport.oneLine(problem.text)]
                    + (problem.hint.isEmpty ? [] : ["hint:  " + ErrorReport.oneLine(problem.hint)])
            }
        }
        return [("error: ", message), ("where: ", place), ("hint:  ", hint)].filter { !$0.1.isEmpty }.map {
            $0.0 + $0.1
        }
    }

    /// What a hostile store or file name says must not forge further lines.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    /// The failures beneath, outermost first, for `--verbose`.
    static func causes(of error: any Error) -> [String] {
        var lines = [String]()
        var next = (error as? any DescribedError)?.cause
        while let cause = next, lines.count < 8 {
            lines.append("cause: " + oneLine((cause as? any DescribedError)?.message ?? "\(cause)"))
            next = (cause as? any DescribedError)?.cause
        }
        return lines
    }
}
