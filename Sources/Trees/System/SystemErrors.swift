import Glibc

extension TreeError {
    /// An error of the operating system while doing something with a path.
    static func system(_ number: Int32, _ what: String, _ subject: String) -> TreeError {
        let (code, hint): (Code, String) =
            switch number {
            case ENOENT: (.notFound, "")
            case EACCES, EPERM: (.accessDenied, "run as a user who may, root for whole systems")
            case EROFS: (.accessDenied, "the file system is mounted read-only")
            case ENOSPC: (.noSpace, "free space, or restore to another file system")
            case EDQUOT: (.noSpace, "the quota of the user is used up")
            case ELOOP, ENOTDIR, EEXIST, EISDIR, ENOTEMPTY, EXDEV: (.obstructed, "")
            case ENOTSUP, ENOSYS, ENAMETOOLONG, EFBIG: (.unsupported, "the file system cannot hold this")
            case EMFILE, ENFILE: (.failed, "raise the limit of open files (ulimit -n)")
            case EIO: (.failed, "the device reports an error; see the kernel's log")
            default: (.failed, "")
            }
        return TreeError(
            code, "\(what): \(System.message(number))", subject: subject, hint: hint, errno: number)
    }
}

extension System {
    /// The text of an error number, lower case.
    static func message(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let text = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, unsafe strerror_r(number, base, buffer.count) == 0 else {
                return "error \(number)"
            }
            return unsafe String(cString: base)
        }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
