#include <zstd.h>
#include <zstd_errors.h>

/* The code behind a failed result, as a number: enum constants are imported under different types on different systems. */
static inline int lb_zstd_is_too_small(size_t result) {
    return ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall;
}
