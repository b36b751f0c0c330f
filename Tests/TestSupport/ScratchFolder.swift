import CLinux
public import Glibc

/// A folder of its own for trees of files: what it holds may be deeper than paths can be and shut to everybody, and is removed
/// all the same when the value goes.
public final class ScratchFolder: Sendable {
    /// Its path, without a slash at the end.
    public let path: String

    /// Makes a folder below `TMPDIR` or `/tmp`.
    public init(_ purpose: String = "trees") throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/lifeboat-\(purpose)-XXXXXX".utf8CString)
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw SystemError("mkdtemp")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // What cannot be removed stays in the folder for temporary files; the test has said what it had to say.
        if let folder = try? OpenFolder(path) { folder.removeContents() }
        rmdir(path)
    }

    /// The path of something in it.
    public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// A system call failed.
public struct SystemError: Error, CustomStringConvertible {
    /// Which one, and on what.
    public let call: String
    /// The error number.
    public let number: Int32

    /// Keeps the error number of the call that failed just now.
    public init(_ call: String) {
        number = errno
        self.call = call
    }

    public var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// A folder held open, so that nothing depends on the length of its path.
public final class OpenFolder {
    /// Its descriptor.
    public let number: Int32

    /// Opens a path.
    public init(_ path: String) throws {
        number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw SystemError("open \(path)") }
    }

    /// Opens a folder in another.
    public init(_ name: [UInt8], in folder: OpenFolder) throws {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
        number = name.withCName { lb_openat(folder.number, $0, flags, 0) }
        guard number >= 0 else { throw SystemError("open folder \(name)") }
    }

    deinit { close(number) }

    /// Names in it, in order of their bytes.
    public func names() throws -> [[UInt8]] {
        guard let stream = fdopendir(dup(number)) else { throw SystemError("fdopendir") }
        defer { closedir(stream) }
        rewinddir(stream)
        var names = [[UInt8]]()
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    (0..<strlen(text)).map { UInt8(bitPattern: text[$0]) }
                }
            }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What `lstat` says of a name.
    public func status(_ name: [UInt8]) throws -> stat {
        var status = stat()
        guard name.withCName({ fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            throw SystemError("lstat \(String(decoding: name, as: UTF8.self))")
        }
        return status
    }

    /// The path of a name that works however deep the folder lies.
    public func procPath(_ name: [UInt8]) -> [UInt8] { Array("/proc/self/fd/\(number)/".utf8) + name }

    /// Names of the extended attributes of a name.
    public func attributeNames(_ name: [UInt8]) throws -> [String] {
        var list = [CChar](repeating: 0, count: 65_536)
        let count = procPath(name).withCName { llistxattr($0, &list, list.count) }
        guard count >= 0 else { throw SystemError("llistxattr") }
        return list.prefix(count).split(separator: 0).map { key in
            String(decoding: key.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Removes everything in it, as well as can be.
    func removeContents() {
        for name in (try? names()) ?? [] {
            if name.withCName({ unlinkat(number, $0, 0) }) == 0 { continue }
            if let folder = try? OpenFolder(name, in: self) { folder.removeContents() }
            _ = name.withCName { unlinkat(number, $0, AT_REMOVEDIR) }
        }
    }
}

extension [UInt8] {
    /// Lends the bytes as a C string.
    public func withCName<R>(_ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
        let text = map { CChar(bitPattern: $0) } + [0]
        return try text.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("it holds a NUL at least") }
            return try body(base)
        }
    }
}
