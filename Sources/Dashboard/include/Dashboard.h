#ifndef WEIR_DASHBOARD_H
#define WEIR_DASHBOARD_H

#include <stddef.h>

/// A file of the folder `site`, as it was when this was compiled.
typedef struct {
    /// Its name, without a folder.
    const char *name;
    const unsigned char *bytes;
    size_t count;
} weir_site_file;

/// The number of files.
extern const size_t weir_site_file_count;

/// The file at `index`, which is less than `weir_site_file_count`.
const weir_site_file *weir_site_file_at(size_t index);

#endif
