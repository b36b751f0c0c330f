import CLinux
import Glibc

/// Walks two trees and lists every difference between them.
public struct TreeComparison {
    /// What is compared besides names, kinds, contents and link targets.
    public struct Aspects: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Permissions with special bits.
        public static let modes = Aspects(rawValue: 1)
        /// User and group.
        public static let owners = Aspects(rawValue: 2)
        /// Modification times to the nanosecond.
        public static let times = Aspects(rawValue: 4)
        /// Extended attributes and ACLs.
        public static let attributes = Aspects(rawValue: 8)
        /// Which names are the same file.
        public static let hardLinks = Aspects(rawValue: 16)
        /// Space that files take: not much more on the right than on the left.
        public static let allocation = Aspects(rawValue: 32)
        /// Sockets, which restic does not store.
        public static let sockets = Aspects(rawValue: 64)

        /// Everything that a restore has to bring back.
        public static let restored: Aspects = [.modes, .owners, .times, .attributes, .hardLinks]
    }

    /// One line per difference, beginning with the path.
    public private(set) var differences: [String] = []
    private let aspects: Aspects
    private var groups: [[UInt64]: (left: String, right: [UInt64])] = [:]
    private var groupsOnTheRight: [[UInt64]: String] = [:]

    /// Compares the tree at `left` (as it should be) with the one at `right`, themselves included.
    public static func differences(
        _ left: String, _ right: String, _ aspects: Aspects = .restored
    ) throws -> [String] {
        var comparison = TreeComparison(aspects: aspects)
        let (one, other) = (try OpenFolder(left), try OpenFolder(right))
        try comparison.compareMetadata([0x2E], one, other, at: ".")
        try comparison.compare(one, other, at: "")
        return comparison.differences
    }

    private init(aspects: Aspects) {
        self.aspects = aspects
    }

    private mutating func compare(_ left: OpenFolder, _ right: OpenFolder, at path: String) throws {
        let leftNames = try left.names().filter { try aspects.contains(.sockets) || !isSocket($0, left) }
        let rightNames = Set(try right.names())
        for name in rightNames.subtracting(leftNames) { differences.append("\(path)/\(text(name)): only on the right") }
        for name in leftNames {
            let place = "\(path)/\(text(name))"
            guard rightNames.contains(name) else {
                differences.append("\(place): only on the left")
                continue
            }
            guard try compareMetadata(name, left, right, at: place) else { continue }
            switch try left.status(name).st_mode & S_IFMT {
            case S_IFDIR: try compare(OpenFolder(name, in: left), OpenFolder(name, in: right), at: place)
            case S_IFREG: try compareContent(name, left, right, at: place)
            case S_IFLNK: expect(target(name, left), target(name, right), "link target", place)
            default: break
            }
        }
    }

    private func isSocket(_ name: [UInt8], _ folder: OpenFolder) throws -> Bool {
        try folder.status(name).st_mode & S_IFMT == S_IFSOCK
    }

    private func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self).debugDescription }

    private mutating func expect<T: Equatable>(_ left: T, _ right: T, _ what: String, _ place: String) {
        if left != right { differences.append("\(place): \(what) \(left) became \(right)") }
    }

    /// Whether both are of one kind, so that more can be compared.
    @discardableResult
    private mutating func compareMetadata(
        _ name: [UInt8], _ left: OpenFolder, _ right: OpenFolder, at place: String
    ) throws -> Bool {
        let (one, other) = (try left.status(name), try right.status(name))
        let kind = one.st_mode & S_IFMT
        guard kind == other.st_mode & S_IFMT else {
            differences.append("\(place): kind \(kind) became \(other.st_mode & S_IFMT)")
            return false
        }
        if aspects.contains(.modes), kind != S_IFLNK {
            expect(String(one.st_mode & 0o7777, radix: 8), String(other.st_mode & 0o7777, radix: 8), "mode", place)
        }
        if aspects.contains(.owners) {
            expect([one.st_uid, one.st_gid], [other.st_uid, other.st_gid], "owner", place)
        }
        if aspects.contains(.times) {
            expect(
                [one.st_mtim.tv_sec, one.st_mtim.tv_nsec], [other.st_mtim.tv_sec, other.st_mtim.tv_nsec], "time", place)
        }
        if kind == S_IFREG { expect(one.st_size, other.st_size, "size", place) }
        if kind == S_IFCHR || kind == S_IFBLK { expect(one.st_rdev, other.st_rdev, "device", place) }
        if aspects.contains(.allocation), kind == S_IFREG, other.st_blocks > one.st_blocks + 16 {
            differences.append("\(place): takes \(other.st_blocks) blocks instead of \(one.st_blocks)")
        }
        if aspects.contains(.attributes) {
            expect(try attributes(name, left), try attributes(name, right), "attributes", place)
        }
        if aspects.contains(.hardLinks), kind != S_IFDIR { compareLinks(one, other, place) }
        return true
    }

    private mutating func compareLinks(_ one: stat, _ other: stat, _ place: String) {
        let left = [UInt64(one.st_dev), UInt64(one.st_ino)]
        let right = [UInt64(other.st_dev), UInt64(other.st_ino)]
        if let group = groups[left] {
            if group.right != right { differences.append("\(place): is not linked to \(group.left) any more") }
        } else {
            if let wrong = groupsOnTheRight[right] { differences.append("\(place): is linked to \(wrong)") }
            groups[left] = (place, right)
            groupsOnTheRight[right] = place
        }
        expect(one.st_nlink, other.st_nlink, "link count", place)
    }

    private func target(_ name: [UInt8], _ folder: OpenFolder) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 5_000)
        let count = name.withCName { readlinkat(folder.number, $0, &buffer, buffer.count) }
        return buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
    }

    private func attributes(_ name: [UInt8], _ folder: OpenFolder) throws -> [String: [UInt8]] {
        var result = [String: [UInt8]]()
        for key in try folder.attributeNames(name) where key != "security.selinux" {
            var value = [UInt8](repeating: 0, count: 65_536)
            let length = folder.procPath(name).withCName { lgetxattr($0, key, &value, value.count) }
            guard length >= 0 else { throw SystemError("lgetxattr") }
            result[key] = Array(value.prefix(length))
        }
        return result
    }

    private mutating func compareContent(
        _ name: [UInt8], _ left: OpenFolder, _ right: OpenFolder, at place: String
    ) throws {
        let files = try [left, right].map { folder in
            let file = name.withCName { lb_openat(folder.number, $0, O_RDONLY | O_NOFOLLOW, 0) }
            guard file >= 0 else { throw SystemError("open \(place)") }
            return file
        }
        defer { for file in files { close(file) } }
        var one = [UInt8](repeating: 0, count: 1 << 16)
        var other = one
        var offset = 0
        while true {
            let leftCount = pread(files[0], &one, one.count, offset)
            let rightCount = pread(files[1], &other, other.count, offset)
            guard leftCount >= 0, rightCount >= 0 else { throw SystemError("read \(place)") }
            if leftCount != rightCount || one != other {
                return differences.append("\(place): content differs near byte \(offset)")
            }
            if leftCount == 0 { return }
            offset += leftCount
        }
    }
}
