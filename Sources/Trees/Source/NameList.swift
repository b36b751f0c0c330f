import CLinux
import Glibc

/// The names in a directory, sorted by raw bytes, each with a NUL behind it so that it is a C string where it stands.
struct NameList {
    private struct Record {
        /// The first eight bytes as a number that orders like them: most comparisons need no more.
        let prefix: UInt64
        let offset: Int
        let length: Int
    }

    private var bytes: [UInt8] = []
    private var records: [Record] = []

    /// Reads an open directory from its beginning; nil and `errno` on failure.
    init?(readingDirectory descriptor: Int32) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { return nil }
        let isComplete = unsafe withUnsafeTemporaryAllocation(byteCount: 32_768, alignment: 8) { memory in
            while true {
                let count = unsafe lb_getdents(descriptor, memory.baseAddress, UInt(memory.count))
                if count <= 0 { return count == 0 }
                unsafe add(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            }
        }
        guard isComplete else { return nil }
        sort()
    }

    /// Names that are known already.
    init(_ names: [[UInt8]]) {
        for name in names { unsafe name.withUnsafeBytes { unsafe add(name: $0) } }
        sort()
    }

    /// Reads `struct linux_dirent64`: length at 16, name at 19 up to a NUL.
    private mutating func add(_ entries: UnsafeRawBufferPointer) {
        var start = 0
        while start + 19 < entries.count {
            let length = unsafe Int(entries.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
            precondition(length > 19 && length <= entries.count - start, "the kernel gave a broken directory entry")
            let name = unsafe UnsafeRawBufferPointer(rebasing: entries[start + 19..<start + length])
            let end = unsafe name.firstIndex(of: 0) ?? name.count
            unsafe add(name: UnsafeRawBufferPointer(rebasing: name[..<end]))
            start += length
        }
    }

    private mutating func add(name: UnsafeRawBufferPointer) {
        if unsafe name.count <= 2 && name.allSatisfy({ $0 == 0x2E }) { return }
        var prefix: UInt64 = 0
        for index in 0..<min(8, name.count) { unsafe prefix |= UInt64(name[index]) << UInt64(56 - 8 * index) }
        records.append(Record(prefix: prefix, offset: bytes.count, length: name.count))
        unsafe bytes.append(contentsOf: name)
        bytes.append(0)
    }

    private mutating func sort() {
        let bytes = bytes
        unsafe bytes.withUnsafeBytes { bytes in
            records.sort { one, other in
                if one.prefix != other.prefix { return one.prefix < other.prefix }
                guard let base = bytes.baseAddress else { return false }
                // The NUL behind each name ends the comparison in time and orders short before long.
                return unsafe memcmp(
                    base + one.offset, base + other.offset, min(one.length, other.length) + 1) < 0
            }
        }
    }

    var count: Int { records.count }

    /// The name at an index.
    func name(_ index: Int) -> [UInt8] {
        let record = records[index]
        return Array(bytes[record.offset..<record.offset + record.length])
    }

    /// Is it the name of the one before? A directory that changes while it is read may give a name twice.
    func isRepeated(_ index: Int) -> Bool {
        index > 0 && records[index].prefix == records[index - 1].prefix
            && records[index].length == records[index - 1].length && name(index) == name(index - 1)
    }

    /// What `lstat` says of the name at an index; nil and `errno` on failure.
    @inline(__always)
    func status(_ index: Int, in directory: Int32, flags: Int32) -> stat? {
        var status = stat()
        let result = unsafe bytes.withUnsafeBytes { bytes in
            let name = unsafe bytes.baseAddress.unsafelyUnwrapped + records[index].offset
            return unsafe fstatat(directory, name.assumingMemoryBound(to: CChar.self), &status, flags)
        }
        return result == 0 ? status : nil
    }

    /// Is there this name?
    func contains(_ name: [UInt8]) -> Bool {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            let order = RawName.compare(self.name(middle), name)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }
}
