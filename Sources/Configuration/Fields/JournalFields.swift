import Recovery
import Settings

extension JournalSettings {
    /// The keys of `journal:`; `hasServerID` where the engine's tool says that it is a server.
    init(_ fields: Fields, hasServerID: Bool) {
        self.init()
        flush = fields(
            "flush", .duration, help: "what was written is stored after this time at the latest", default: flush)
        segmentByteCount = fields(
            "segment", .byteCount, help: "or earlier, once there is so much: 64K to 16M", default: segmentByteCount)
        if !fields.isPlaceholder, !fields.isRefused(["segment"]), !(64 << 10...16 << 20).contains(segmentByteCount) {
            fields.problem("segment", message: "is not between 64K and 16M")
        }
        spoolLimit = fields(
            "spool-limit", .byteCount, help: "how much may wait on this machine while the store is away",
            default: spoolLimit)
        if !fields.isPlaceholder, !fields.isRefused(["spool-limit"]), spoolLimit < 16 * segmentByteCount {
            fields.problem("spool-limit", message: "has no room for 16 segments")
        }
        closeEvery = fields(
            "close-every", .duration, help: "log files that are closed become a snapshot after this time at the latest",
            default: closeEvery)
        if !fields.isPlaceholder, !fields.isRefused(["flush"]), flush <= .zero {
            fields.problem("flush", message: "is no time at all", hint: "write `1s`")
        }
        guard hasServerID else { return }
        serverID = fields.optional(
            "server-id", .integer(1...Int(UInt32.max)),
            help: "server id that the journal says it has; no replica may have it. Made of the source's name without"
        ).map { UInt32($0) }
    }
}
