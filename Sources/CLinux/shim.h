// Calls of Linux that the Glibc module of Swift does not show, because they are GNU extensions or take varargs.
#ifndef LIFEBOAT_CLINUX_SHIM_H
#define LIFEBOAT_CLINUX_SHIM_H

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Names the calling thread (up to 15 bytes) for `ps -L`, `top -H` and debuggers.
static inline void lb_name_this_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Renames inside one folder unless the new name is taken (EEXIST). EINVAL where the file system cannot do it.
static inline int lb_rename_no_replace(int folder, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, folder, from, folder, to, 1 /* RENAME_NOREPLACE */);
}

/// A pipe whose ends are not passed on to children. 0 or -1 and `errno`.
static inline int lb_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, 02000000 /* O_CLOEXEC */); }

/// No core dumps, and no tracing by other processes of the same user.
static inline void lb_refuse_dumps(void) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// What kind of file system a path is on: `f_type` of statfs(2). 0 or -1 and `errno`. Waits for a server that does not answer.
static inline int lb_file_system_magic(const char *path, uint32_t *magic) {
    struct statfs status;
    if (statfs(path, &status) != 0) return -1;
    *magic = (uint32_t)status.f_type;
    return 0;
}

#endif
