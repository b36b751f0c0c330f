// Starting a server that is not to outlive us: between fork and exec only calls that are safe there.
#ifndef LIFEBOAT_CLINUX_SERVERS_H
#define LIFEBOAT_CLINUX_SERVERS_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/// What is started, and how. Everything is made before the fork, since the child may not allocate.
struct lb_server {
    const char *program;
    char *const *arguments;
    char *const *variables;
    const char *folder;
    int input, output;
    int changes_account; // then user and group are those
    uid_t user;
    gid_t group;
    int ends_with_thread; // killed when the thread that starts it ends
};

/// The child's part. Returns only when a step failed, with its `errno`.
static inline int lb_become_server(const struct lb_server *server, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    if (setsid() < 0) return errno;
    if (dup2(server->input, 0) < 0 || dup2(server->output, 1) < 0 || dup2(server->output, 2) < 0) return errno;
    // Not glibc's functions, which would look for the other threads of the parent.
    if (server->changes_account) {
        if (syscall(SYS_setgroups, 1, &server->group) != 0 || syscall(SYS_setgid, server->group) != 0 ||
            syscall(SYS_setuid, server->user) != 0) return errno;
    }
    // After setuid, which takes it back.
    if (server->ends_with_thread) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
        if (getppid() != parent) return ESRCH;
    }
    if (chdir(server->folder) != 0) return errno;
    execve(server->program, server->arguments, server->variables);
    return errno;
}

/// Starts it in a session of its own. Gives its process ID, or -1 and `errno` of the step that failed.
static inline pid_t lb_start_server(const struct lb_server *server) {
    int ends[2], failure = 0;
    if (syscall(SYS_pipe2, ends, 02000000 /* O_CLOEXEC */) != 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        failure = lb_become_server(server, parent);
        ssize_t written = write(ends[1], &failure, sizeof failure);
        _exit(written == sizeof failure ? 127 : 126);
    }
    if (child < 0) failure = errno;
    close(ends[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(ends[0], &failure, sizeof failure);
        while (count < 0 && errno == EINTR);
        if (count != sizeof failure) failure = 0;
    }
    close(ends[0]);
    if (failure == 0) return child;
    errno = failure;
    return -1;
}

#endif
