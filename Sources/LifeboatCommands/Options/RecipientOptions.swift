import ArgumentParser
import Recovery

/// Who gets a copy that is not for production.
struct RecipientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Mask the copy with this profile of the configuration.", valueName: "profile"))
    var mask: String?

    @Option(help: ArgumentHelp("Do not mask it, for this reason; it goes into the ledger.", valueName: "reason"))
    var unmasked: String?

    /// Was anything said?
    var isGiven: Bool { mask != nil || unmasked != nil }

    func validate() throws {
        guard mask == nil || unmasked == nil else { throw ValidationError("give one of --mask, --unmasked") }
    }

    /// By the rules of the configuration.
    func recipient(_ opened: RecoveryAccess.Opened) throws -> Handover.Recipient {
        try opened.recovery.handover.recipient(mask: mask, unmaskedReason: unmasked)
    }
}
