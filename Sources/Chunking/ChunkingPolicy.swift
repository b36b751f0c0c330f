/// How the bytes of a file are cut into blobs; the source of a file decides, since any cut is valid restic data.
public enum ChunkingPolicy: Sendable, Hashable {
    /// Content-defined, 512 KiB / 1 MiB / 8 MiB: files of any kind.
    case files
    /// Fixed blocks aligned to database pages: 64 KiB in files up to 4 GiB, 256 KiB up to 64 GiB, 1 MiB beyond.
    case pages
    /// Fixed blocks of 16 KiB: a page of InnoDB each. Less is stored after a change, and four times as much is listed.
    case smallPages
    /// Content-defined, 1 / 4 / 16 KiB in the first 256 MiB, 4 / 16 / 64 KiB behind: logical dumps, where a changed row moves
    /// everything behind it.
    case dump
}
