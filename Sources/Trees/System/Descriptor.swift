import CLinux
import Glibc

/// An open file or directory, closed when the value goes.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes over an open descriptor.
    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        // What was written was checked as it was written; there is nobody to tell of an error here.
        _ = close(number)
    }

    /// Gives the number away without closing it.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}

/// Calls that fail with an error number.
enum System {
    /// Calls again while a signal interrupts.
    @inline(__always)
    static func retrying(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    /// Lends a name or path as a C string. It must not hold NUL.
    @inline(__always)
    static func withCString<R>(_ text: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
        precondition(!text.contains(0), "a name with NUL never gets here")
        return unsafe withUnsafeTemporaryAllocation(byteCount: text.count + 1, alignment: 1) { memory in
            unsafe memory.copyBytes(from: text)
            unsafe memory[text.count] = 0
            let base = unsafe memory.baseAddress.unsafelyUnwrapped
            return unsafe body(UnsafePointer(base.assumingMemoryBound(to: CChar.self)))
        }
    }

    /// Opens a name relative to a directory.
    static func open(_ directory: Int32, _ name: [UInt8], _ flags: Int32, mode: mode_t = 0) -> Int32 {
        unsafe withCString(name) { name in retrying { unsafe lb_openat(directory, name, flags, mode) } }
    }

    /// Opens a name for reading without changing its access time, where the owner of the file is us or we are root.
    static func openToRead(_ directory: Int32, _ name: [UInt8], _ flags: Int32) -> Int32 {
        let file = open(directory, name, O_RDONLY | flags | lb_o_noatime)
        return file < 0 && errno == EPERM ? open(directory, name, O_RDONLY | flags) : file
    }

    /// What `lstat` (or `stat`, when `flags` is 0) tells of a name in a directory; nil and `errno` on failure.
    static func status(_ directory: Int32, _ name: [UInt8], flags: Int32 = AT_SYMLINK_NOFOLLOW) -> stat? {
        var status = stat()
        let result = unsafe withCString(name) { name in unsafe fstatat(directory, name, &status, flags) }
        return result == 0 ? status : nil
    }

    /// What an open file tells of itself; nil and `errno` on failure.
    static func status(of file: Int32) -> stat? {
        var status = stat()
        return unsafe fstat(file, &status) == 0 ? status : nil
    }
}

extension System {
    /// Lends a name or path as a C string to something that throws.
    static func withCStringThrowing<R>(
        _ text: [UInt8], _ body: (UnsafePointer<CChar>) throws(TreeError) -> R
    ) throws(TreeError) -> R {
        let result = unsafe withCString(text) { text in
            Result { () throws(TreeError) -> R in try unsafe body(text) }
        }
        return try result.get()
    }
}
