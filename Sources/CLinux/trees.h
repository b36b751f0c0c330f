// Calls of Linux that reading and writing trees of files needs and the Glibc module of Swift does not show.
#ifndef LIFEBOAT_CLINUX_TREES_H
#define LIFEBOAT_CLINUX_TREES_H

// Not <fcntl.h> or <sys/stat.h>: `struct stat` would then belong to this module and hide that of Glibc.
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

// GNU constants that glibc hides, with the values that x86-64 and arm64 share.
static const int lb_o_cloexec = 02000000;
static const int lb_o_noatime = 01000000;
static const int lb_o_path = 010000000;
static const long lb_utime_omit = (1L << 30) - 2L;

/// open(2) relative to a directory; `openat` takes varargs, which Swift cannot pass.
static inline int lb_openat(int directory, const char *name, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, directory, name, flags | lb_o_cloexec, mode);
}

/// Reads raw directory entries: `struct linux_dirent64` one after another.
static inline long lb_getdents(int directory, void *buffer, unsigned long byteCount) {
    return syscall(SYS_getdents64, directory, buffer, byteCount);
}

/// openat2(2) that stays beneath `directory` and follows no link at all. ENOSYS before Linux 5.6.
static inline int lb_open_beneath(int directory, const char *path, int flags, mode_t mode) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {(uint64_t)(flags | lb_o_cloexec), mode, 0x08 /* BENEATH */ | 0x04 /* NO_SYMLINKS */ | 0x02 /* NO_MAGICLINKS */};
#ifdef SYS_openat2
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
#else
    return (int)syscall(437, directory, path, &how, sizeof(how));
#endif
}

/// Makes a hole: the range reads as zeros and takes no space; the size stays.
static inline int lb_punch_hole(int file, off_t offset, off_t byteCount) {
    return (int)syscall(SYS_fallocate, file, 0x02 | 0x01, offset, byteCount);
}

/// Takes space for a range without changing the size of the file.
static inline int lb_reserve(int file, off_t byteCount) {
    return (int)syscall(SYS_fallocate, file, 0x01 /* KEEP_SIZE */, (off_t)0, byteCount);
}

/// Writes everything that the file system of `file` holds back to the device.
static inline int lb_sync_file_system(int file) { return (int)syscall(SYS_syncfs, file); }

#endif
