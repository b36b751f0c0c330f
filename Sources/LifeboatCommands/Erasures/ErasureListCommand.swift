import ArgumentParser
import Recovery

struct ErasureListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show all erasures: numbers, kinds and moments; nothing of whom they are about.")

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let content = try await ErasureLedger(opened.recovery.repository).proven()
        try context.output.report(ErasureListReport(content), global)
        return .done
    }
}

private struct ErasureListReport: Report {
    struct Row: Encodable {
        let number: UInt64
        let kind: String
        let added: String
        let confirmed: String?
        let confirmation: UInt64?
        let position: String?
        let reference: String?

        init(_ erasure: Erasure) {
            (number, kind, added) = (erasure.added.number, erasure.added.kind, erasure.added.time)
            (confirmed, confirmation) = (erasure.confirmed?.time, erasure.confirmed?.number)
            (position, reference) = (erasure.confirmed?.position, erasure.added.reference)
        }
    }

    let erasures: [Row]
    let head: ErasureHead

    init(_ content: ErasureLedger.Content) {
        erasures = content.erasures.map { Row($0) }
        head = content.head
    }

    var lines: [String] {
        guard !erasures.isEmpty else { return ["no erasures"] }
        var table = TextTable(["Number", "Kind", "Added", "Confirmed", "Position", "Reference"], right: ["Number"])
        for row in erasures {
            table.add([
                "\(row.number)", row.kind, Units.milliseconds(row.added),
                row.confirmed.map { Units.milliseconds($0) } ?? "no",
                row.position ?? (row.confirmed == nil ? "" : "not known"), row.reference ?? "",
            ])
        }
        let open = erasures.count { $0.confirmed == nil }
        return table.lines + [
            Units.count(erasures.count, "erasure") + (open > 0 ? ", \(open) not confirmed" : "")
        ]
    }
}

struct ErasureVerifyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove the ledger, and look for erased people in the live databases.",
        discussion: """
            Proves that no entry is missing or changed, and that recovery points knew nothing that is gone by now. Then asks the \
            live databases for everybody whose erasure was confirmed. Somebody who registered again is found too.

            Exit codes: 1 an entry is missing, 4 somebody is in a live database, 5 one could not be asked.
            """)

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let review = try await ErasureCommand.register(opened).review()
        try context.output.report(ErasureReviewReport(review: review), global)
        guard review.isClean else { return .verdictFail }
        return review.isComplete ? .done : .inconclusive
    }
}

private struct ErasureReviewReport: Report {
    let review: ErasureReview

    func encode(to encoder: any Encoder) throws { try review.encode(to: encoder) }

    var lines: [String] {
        let head = review.head.digest.map { ", head \($0.prefix(12))" } ?? ""
        return [
            "the ledger is whole: \(Units.count(review.head.count, "entry", "entries"))\(head), "
                + "as \(Units.count(review.pointCount, "recovery point")) knew it"
        ] + review.kinds.map(line)
    }

    private func line(_ kind: ErasureReview.Kind) -> String {
        let open = kind.openCount > 0 ? "; \(kind.openCount) not confirmed yet" : ""
        let found =
            if let problem = kind.problem {
                "NOT LOOKED FOR: \(problem)"
            } else if let count = kind.foundCount, count > 0 {
                "\(count) IN THE LIVE DATABASE, still or again"
            } else {
                "none in the live database"
            }
        return "\(kind.kind): \(kind.confirmedCount) confirmed, \(found)\(open)"
    }
}
