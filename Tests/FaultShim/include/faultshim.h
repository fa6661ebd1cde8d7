#pragma once

#include <stdint.h>

/// A library that is preloaded into a server under test and lets its file calls fail.
///
/// Linux only. `LD_PRELOAD=libfaultshim.so`, configured by three environment variables; without them every call goes
/// through as it is.
///
/// `FAULTSHIM` holds rules separated by `;`, of which the first that matches a call acts:
///
///     FUNCTION[,FUNCTION…][:path=TEXT]…[:when=N|N+|N-M][:ACTION]
///
/// Functions: open write fsync fdatasync sync_file_range fallocate ftruncate rename unlink mkdir read pread.
/// 64-bit and `p` variants are the same function, and `read` covers `fread_unlocked`. A call matches if its file's path
/// contains every TEXT, and none that is written as `!TEXT`. Rules count the calls that match; `when` says which of
/// these are acted on (all if absent).
///
/// Actions: `errno=NAME` fails; `short` transfers half; `torn` writes half and then fails with EIO; `lost` reports
/// success and does nothing; `flip` changes one bit (of a copy, of what is written; of what was read);
/// `delay=MILLISECONDS`; `kill` ends the process with SIGKILL; `cut` does so after all that was written and not synced
/// has been taken out of the files again, as when the power fails; `cuthalf` leaves half of that. Without an action a
/// rule only counts.
///
/// `FAULTSHIM_CONTROL` names a file of at least FAULTSHIM_CONTROL_BYTES that both sides map or write: a struct
/// faultshim_control. `FAULTSHIM_SPACE` is a text: files whose path contains it lie on a disk with `space` bytes left.
enum { FAULTSHIM_RULES = 8, FAULTSHIM_CONTROL_BYTES = 4096 };

struct faultshim_control {
    /// Rules act and count only while this is not 0.
    int64_t armed;
    /// Bytes that may still be written; negative for no limit. Changed by the shim too.
    int64_t space;
    /// Calls that matched a rule, and those it acted on.
    struct {
        int64_t calls;
        int64_t acted;
    } rules[FAULTSHIM_RULES];
    /// The last call that was acted on: function, space, path; ends with a zero.
    char last[1024];
};
