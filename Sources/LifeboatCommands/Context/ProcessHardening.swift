import CLinux
import Glibc

/// What the process does to itself before it knows any secret.
enum ProcessHardening {
    /// No core dumps and no tracing by other processes of the same user, since keys and passwords are in memory; and signals
    /// that must not end the process get a handler that does nothing. A handler, unlike "ignore", is not passed on to children.
    ///
    /// - `SIGPIPE`: whoever read our output has gone; the write that follows says so.
    /// - `SIGHUP`: restic's `unlock` sends it to the holder of every lock of its own host to see whether it lives.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // Failure is right to ignore: the process then merely has the limits it was started with.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        lb_refuse_dumps()
        for number in [SIGPIPE, SIGHUP] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }
}
