import Glibc

/// Turns an error number of the kernel into a `StoreError`.
enum SystemFailure {
    /// Describes error `number` of what we tried with `name`: `could not <action> <name>`.
    static func error(_ number: Int32, _ action: String, _ name: String, in location: String) -> StoreError {
        let subject = location
        let sentence = "could not \(action) \(name)"
        let cause = text(of: number)
        switch number {
        case ENOSPC:
            return StoreError(
                .noSpace, "\(sentence): no space is left", subject: subject,
                hint: "make room or point the store at a larger disk; what was written before is whole")
        case EDQUOT:
            return StoreError(
                .noSpace, "\(sentence): the quota is used up", subject: subject, hint: "raise the quota or make room")
        case EACCES, EPERM, EROFS:
            return StoreError(
                .accessDenied, "\(sentence): \(cause)", subject: subject,
                hint: number == EROFS
                    ? "the file system is mounted read-only; look for disk errors in the kernel log"
                    : "check owner and mode of the folder and of what is in it")
        case ENAMETOOLONG:
            return StoreError(
                .invalidName, "\(sentence): a part of the name is too long for the file system", subject: subject)
        case EIO, ENXIO, ESTALE, ETIMEDOUT, EHOSTDOWN, ENETUNREACH, EREMOTEIO:
            return StoreError(
                .unreachable, "\(sentence): \(cause)", subject: subject,
                hint: "look for disk or network file system errors in the kernel log", isTransient: number != EIO)
        case EMFILE, ENFILE, EAGAIN, ENOMEM, EINTR:
            return StoreError(.failed, "\(sentence): \(cause)", subject: subject, isTransient: true)
        default:
            return StoreError(.failed, "\(sentence): \(cause)", subject: subject)
        }
    }

    /// What the C library says of an error number, with a small first letter.
    static func text(of number: Int32) -> String {
        let message = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer -> String in
            guard let base = buffer.baseAddress, unsafe strerror_r(number, base, 128) == 0 else {
                return "error \(number)"
            }
            return unsafe String(cString: base)
        }
        return message.prefix(1).lowercased() + message.dropFirst()
    }
}

/// An open file or folder, closed when it goes.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes over `number`; nil when the call that should have made it failed (see `errno`).
    init?(_ number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }
}

/// Calls again while a signal interrupts.
@inline(__always)
func retryingInterrupts<T: SignedInteger>(_ call: () -> T) -> T {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
