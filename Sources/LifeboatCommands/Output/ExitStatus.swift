/// How a command ended; restic's numbers, which scripts rely on. Wrong usage ends with 64 (`EX_USAGE`), and 141 says that
/// whoever read the output went away, as when a program dies of SIGPIPE.
public enum ExitStatus: Int32, Sendable {
    /// Everything was done.
    case done = 0
    /// Nothing, or not all, was done; a message says why.
    case failed = 1
    /// A snapshot was made, and some files could not be read.
    case incomplete = 3
    /// What was verified did not come back, or is not what it was.
    case verdictFail = 4
    /// What was verified came back, and nothing says what it should be; or it could not be tried.
    case inconclusive = 5
    /// A recovery point was made, and one of its sources failed.
    case failedSource = 6
    /// There is no repository.
    case noRepository = 10
    /// Another process holds the lock.
    case locked = 11
    /// No key file opens with the password.
    case wrongPassword = 12
    /// The arguments make no sense.
    case usage = 64
    /// A signal asked for the end.
    case interrupted = 130
    /// Nobody reads the output any more.
    case outputClosed = 141
}
