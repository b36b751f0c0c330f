// Calls of Linux that the Glibc module of Swift does not show, because they are GNU extensions or take varargs.
#ifndef LIFEBOAT_CLINUX_SHIM_H
#define LIFEBOAT_CLINUX_SHIM_H

#include <sys/prctl.h>

/// Names the calling thread (up to 15 bytes) for `ps -L`, `top -H` and debuggers.
static inline void lb_name_this_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

#endif
