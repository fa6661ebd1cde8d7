#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Takes one line of RocksDB's log; from any thread, several at once.
///
/// - level: RocksDB's: 0 debug, 1 info, 2 warn, 3 error, 4 fatal.
/// - text: UTF-8 as far as RocksDB's own words and file names are; not ended by a zero.
typedef void (*weir_rocksdb_log_line)(void *context, int level, const char *text, size_t count);

/// Sends the log of a database to a function instead of to the file `LOG` in its directory.
///
/// The file is not only noise: once a write to it has failed, on a full disk for example, a RocksDB that was built with
/// assertions, as Debian's is, ends the process at its next line. And RocksDB's C interface of this version cannot make
/// a logger of its own, hence this.
///
/// - options: a `rocksdb_options_t`, not yet used to open anything.
/// - level: lines below it are dropped.
/// - release: called with `context` when the options and all databases that were opened with them are gone.
void weir_rocksdb_set_log(
    void *options, int level, weir_rocksdb_log_line line, void *context, void (*release)(void *context));

#ifdef __cplusplus
}
#endif
