import Glibc

/// A tree with everything a file system can hold that a backup might get wrong.
public struct NastyTree {
    /// Says what the seed was, for the message of a failing test.
    public let seed: UInt64
    private var generator: SeededGenerator
    private let isRoot = geteuid() == 0

    /// Sizes around the borders of blocks and chunks.
    public static let borderSizes = [
        0, 1, 511, 512, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 524_287, 524_288, 524_289, 1_048_577,
    ]

    /// What may be left out.
    public struct Options: Sendable {
        /// Levels of the deep path; 300 levels are longer than a path may be.
        public var depth = 300
        /// Files in the random part.
        public var fileCount = 60

        /// Everything.
        public init() {}
    }

    private init(seed: UInt64) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
    }

    /// Builds a tree in an existing empty folder and prints the seed.
    public static func build(at path: String, seed: UInt64, options: Options = Options()) throws {
        print("nasty tree with seed \(seed)")
        let maker = try TreeMaker(path)
        var tree = NastyTree(seed: seed)
        try tree.names(try maker.directory("names"))
        try tree.links(try maker.directory("links"))
        try tree.specials(try maker.directory("special"))
        try tree.modes(try maker.directory("modes"))
        try tree.attributes(try maker.directory("attributes"))
        try tree.sizes(try maker.directory("sizes"))
        try tree.deep(try maker.directory("deep"), options.depth)
        try tree.random(try maker.directory("random"), options.fileCount)
        try tree.times(maker)
    }

    private mutating func names(_ maker: TreeMaker) throws {
        let texts = [
            "plain", " lead and trail ", "new\nline", "quote\"s", "it's", "back\\slash", "\\x41", "tab\t", "-rf", "...",
            "~",
            "caf\u{E9}", "cafe\u{301}", "日本語", "😀", "<&>", "\u{2028}", "\u{FEFF}", "\u{202E}abc", "a\u{A0}b", "*",
            "[a]", "#x",
            "%41", "CON", "$HOME", "e\u{1B}[31m", "\u{7F}", String(repeating: "n", count: 255),
        ]
        for (index, text) in texts.enumerated() { try maker.file(Array(text.utf8), Array("content \(index)".utf8)) }
        for name: [UInt8] in [
            [0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [1, 2, 3], [0x80, 0x22, 0x5C, 0x0A],
        ] {
            try maker.file(name, name)
            try maker.directory(name + [0x64]).file("inside", "x")
        }
    }

    private mutating func links(_ maker: TreeMaker) throws {
        try maker.file("one", "hard")
        try maker.link("two", to: "one")
        let below = try maker.directory("below")
        try below.link("three", to: "one", in: maker)
        try maker.symlink("file", to: "one")
        try maker.symlink("dangling", to: "nowhere/at/all")
        try maker.symlink("up", to: "../..")
        try maker.symlink("absolute", to: "/etc")
        try maker.symlink("loop", to: "loop")
        try maker.symlink("directory", to: "below")
        try maker.symlink("raw", to: [0x61, 0xFF, 0x2F, 0xC3, 0x22])
        try maker.symlink("text", to: "<ä&\u{2028}\\\"\n>")
        try maker.symlink("long", to: [UInt8](repeating: 0x61, count: 4_095))
        if isRoot { try maker.own("dangling", user: 1_234, group: 4_321) }
    }

    private mutating func specials(_ maker: TreeMaker) throws {
        try maker.special("fifo", kind: S_IFIFO)
        try maker.special("socket", kind: S_IFSOCK)
        guard isRoot else { return }
        try maker.special("null", kind: S_IFCHR, mode: 0o666, device: 259)
        try maker.special("disk", kind: S_IFBLK, mode: 0o660, device: 2_049)
        try maker.special("large", kind: S_IFCHR, mode: 0o600, device: 1_163_993_976)
        try maker.link("null-again", to: "null")
        try maker.own("fifo", user: 7, group: 8)
    }

    private mutating func modes(_ maker: TreeMaker) throws {
        for mode: UInt32 in [0, 0o1, 0o444, 0o600, 0o777, 0o1644, 0o2755, 0o4755, 0o6711, 0o7777] {
            let name = "file-\(String(mode, radix: 8))"
            try maker.file(name, name)
            if isRoot { try maker.own(name, user: UInt32(mode) + 1, group: UInt32(mode) + 2) }
            try maker.mode(name, mode)
            let folder = "dir-\(String(mode, radix: 8))"
            try maker.directory(folder).file("inside", folder)
            if isRoot { try maker.own(folder, user: UInt32(mode) + 3, group: UInt32(mode) + 4) }
            // Not readable for its owner is a test for root only.
            try maker.mode(folder, isRoot ? mode : mode | 0o700)
        }
    }

    private mutating func attributes(_ maker: TreeMaker) throws {
        try maker.file("file", "x")
        try maker.directory("folder").file("inside", "y")
        for name in ["file", "folder"] {
            try maker.attribute(name, "user.empty", [])
            try maker.attribute(name, "user.binary", [0, 255, 10, 34])
            try maker.attribute(name, "user.ä<&>", Array("ü".utf8))
            try maker.attribute(name, "user.long", generator.bytes(1_500))
            if isRoot { try maker.attribute(name, "trusted.name", Array("t".utf8)) }
            let list = ACLBytes.make(owner: 7, user: (1_000, 6), group: 5, mask: 7, other: 0)
            try maker.attribute(name, "system.posix_acl_access", list)
        }
        let inherited = ACLBytes.make(owner: 7, user: (1_001, 4), group: 0, mask: 4, other: 0)
        try maker.attribute("folder", "system.posix_acl_default", inherited)
        try maker.symlink("link", to: "file")
        if isRoot { try maker.attribute("link", "trusted.link", [1]) }
    }

    private mutating func sizes(_ maker: TreeMaker) throws {
        for size in NastyTree.borderSizes { try maker.file(Array("size-\(size)".utf8), generator.bytes(size)) }
        try maker.file(Array("zeros".utf8), [UInt8](repeating: 0, count: 300_000))
        try maker.file(Array("hole".utf8), pieces: [], byteCount: 2_000_000)
        let pieces = [(0, generator.bytes(10)), (700_001, generator.bytes(5_000)), (1_400_000, generator.bytes(1))]
        try maker.file(Array("sparse".utf8), pieces: pieces, byteCount: 1_500_000)
    }

    private mutating func deep(_ maker: TreeMaker, _ depth: Int) throws {
        var maker = maker
        for level in 0..<depth { maker = try maker.directory("level-\(level)-of-a-path-that-grows-and-grows") }
        try maker.file("bottom", "down here")
    }

    private mutating func random(_ maker: TreeMaker, _ fileCount: Int) throws {
        var makers = [maker]
        for index in 0..<fileCount {
            guard let place = makers.randomElement(using: &generator) else { continue }
            if Int.random(in: 0..<4, using: &generator) == 0 { makers.append(try place.directory("d\(index)")) }
            let size = Int.random(in: 0...1 << Int.random(in: 0...17, using: &generator), using: &generator)
            let mode = UInt32.random(in: 0...0o777, using: &generator)
            try place.file(
                generator.bytes(12).map { $0 == 0 || $0 == 0x2F ? 0x5F : $0 } + [0x61], generator.bytes(size),
                mode: mode)
        }
    }

    /// Odd times everywhere, those of folders last.
    private mutating func times(_ maker: TreeMaker) throws {
        for name in try maker.folder.names() {
            if try maker.folder.status(name).st_mode & S_IFMT == S_IFDIR {
                try times(TreeMaker(try OpenFolder(name, in: maker.folder)))
            }
            let seconds = Int.random(in: -2_000_000_000...4_000_000_000, using: &generator)
            let unit = [1, 1_000, 1_000_000].randomElement(using: &generator) ?? 1
            try maker.times(name, seconds: seconds, nanoseconds: Int.random(in: 0..<1_000, using: &generator) * unit)
        }
    }
}
