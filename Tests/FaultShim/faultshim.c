// See include/faultshim.h. Everything real is done by system calls, so that nothing here can call itself.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "faultshim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// MARK: Rules

enum function {
    f_open, f_write, f_fsync, f_fdatasync, f_sync_file_range, f_fallocate, f_ftruncate, f_rename, f_unlink,
    f_mkdir, f_read, f_pread, functions
};
static const char *const function_names[functions] = {
    "open", "write", "fsync", "fdatasync", "sync_file_range", "fallocate", "ftruncate", "rename", "unlink",
    "mkdir", "read", "pread"};

enum action { a_none, a_errno, a_short, a_torn, a_lost, a_flip, a_delay, a_kill, a_cut, a_cuthalf };

enum { paths_a_rule = 4, path_bytes = 1024, tracked_files = 512 };

struct rule {
    unsigned functions;
    const char *paths[paths_a_rule];
    long from, to;
    enum action action;
    long number;
};

static struct rule rules[FAULTSHIM_RULES];
static int rule_count;
static unsigned wanted_functions;
static bool tracks_unsynced;
static const char *space_path;
static struct faultshim_control own_control = {.armed = 1, .space = -1};
static struct faultshim_control *control = &own_control;
static int (*real_statvfs)(const char *, struct statvfs *);
static size_t (*real_fread_unlocked)(void *, size_t, size_t, FILE *);

static void fail(const char *why, const char *what) {
    dprintf(STDERR_FILENO, "faultshim: %s: %s\n", why, what);
    _exit(99);
}

static long error_number(const char *name) {
    static const struct { const char *name; int number; } known[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EACCES", EACCES}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT},
        {"EMFILE", EMFILE}, {"EINTR", EINTR}, {"EPERM", EPERM}, {"ENOENT", ENOENT}, {"EINVAL", EINVAL}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].name, name)) return known[i].number;
    fail("unknown errno", name);
    return 0;
}

static void parse_word(struct rule *rule, char *word) {
    static const struct { const char *name; enum action action; } plain[] = {
        {"short", a_short}, {"torn", a_torn}, {"lost", a_lost}, {"flip", a_flip}, {"kill", a_kill}, {"cut", a_cut},
        {"cuthalf", a_cuthalf}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(plain[i].name, word)) { rule->action = plain[i].action; return; }
    if (!strncmp(word, "path=", 5)) {
        for (int i = 0; i < paths_a_rule; i++)
            if (!rule->paths[i]) { rule->paths[i] = word + 5; return; }
        fail("too many paths", word);
    } else if (!strncmp(word, "when=", 5)) {
        char *end;
        rule->from = rule->to = strtol(word + 5, &end, 10);
        if (*end == '+') rule->to = INT64_MAX, end++;
        else if (*end == '-') rule->to = strtol(end + 1, &end, 10);
        if (*end || rule->from < 1) fail("not understood", word);
    } else if (!strncmp(word, "errno=", 6)) {
        rule->action = a_errno, rule->number = error_number(word + 6);
    } else if (!strncmp(word, "delay=", 6)) {
        rule->action = a_delay, rule->number = strtol(word + 6, NULL, 10);
    } else fail("not understood", word);
}

static void parse_rule(char *text) {
    if (rule_count == FAULTSHIM_RULES) fail("too many rules", text);
    struct rule *rule = &rules[rule_count++];
    rule->from = 1, rule->to = INT64_MAX;
    char *rest, *names = strtok_r(text, ":", &rest), *inner;
    for (char *name = strtok_r(names, ",", &inner); name; name = strtok_r(NULL, ",", &inner)) {
        unsigned before = rule->functions;
        for (int i = 0; i < functions; i++)
            if (!strcmp(function_names[i], name)) rule->functions |= 1u << i;
        if (rule->functions == before) fail("unknown function", name);
    }
    for (char *word = strtok_r(NULL, ":", &rest); word; word = strtok_r(NULL, ":", &rest)) parse_word(rule, word);
    wanted_functions |= rule->functions;
    if (rule->action == a_cut || rule->action == a_cuthalf) tracks_unsynced = true;
}

__attribute__((constructor)) static void start(void) {
    real_statvfs = dlsym(RTLD_NEXT, "statvfs");
    real_fread_unlocked = dlsym(RTLD_NEXT, "fread_unlocked");
    space_path = getenv("FAULTSHIM_SPACE");
    const char *text = getenv("FAULTSHIM"), *path = getenv("FAULTSHIM_CONTROL");
    if (path) {
        int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
        if (file < 0) fail("cannot open", path);
        control = mmap(NULL, FAULTSHIM_CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (control == MAP_FAILED) fail("cannot map", path);
        syscall(SYS_close, file);
    }
    // The copy lives as long as the process: rules point into it.
    char *copy = text ? strdup(text) : NULL, *rest;
    for (char *rule = copy ? strtok_r(copy, ";", &rest) : NULL; rule; rule = strtok_r(NULL, ";", &rest))
        parse_rule(rule);
}

// MARK: What was written and not synced

struct tracked { dev_t device; ino_t node; int64_t synced; char path[path_bytes]; };
static struct tracked tracked[tracked_files];
static int tracked_count;
static pthread_mutex_t tracking = PTHREAD_MUTEX_INITIALIZER;

static void lock_tracking(void) { if (tracks_unsynced) pthread_mutex_lock(&tracking); }
static void unlock_tracking(void) { if (tracks_unsynced) pthread_mutex_unlock(&tracking); }

static const char *path_of(int file, char *buffer) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = syscall(SYS_readlink, link, buffer, path_bytes - 1);
    buffer[count < 0 ? 0 : count] = 0;
    return buffer;
}

/// The entry of a file that is about to change; a new one takes what the file holds for synced.
static struct tracked *track(int file) {
    struct stat status;
    if (!tracks_unsynced || fstat(file, &status) || !S_ISREG(status.st_mode)) return NULL;
    struct tracked *one = tracked;
    while (one < tracked + tracked_count && (one->node != status.st_ino || one->device != status.st_dev)) one++;
    if (one == tracked + tracked_files) return NULL;
    if (one == tracked + tracked_count) {
        tracked_count++;
        *one = (struct tracked){.device = status.st_dev, .node = status.st_ino, .synced = status.st_size};
    }
    // An empty file may have the number of one that is gone.
    if (status.st_size < one->synced) one->synced = status.st_size;
    path_of(file, one->path);
    return one;
}

static void track_rename(const char *from, const char *to) {
    for (int i = 0; tracks_unsynced && i < tracked_count; i++)
        if (!strcmp(tracked[i].path, from)) snprintf(tracked[i].path, path_bytes, "%s", to);
}

static void cut(bool half) {
    // Never unlocked: no other thread writes or syncs from here on.
    pthread_mutex_lock(&tracking);
    for (struct tracked *one = tracked; one < tracked + tracked_count; one++) {
        struct stat status;
        if (stat(one->path, &status) || status.st_ino != one->node || status.st_size <= one->synced) continue;
        syscall(SYS_truncate, one->path, one->synced + (half ? (status.st_size - one->synced) / 2 : 0));
    }
}

// MARK: Deciding

struct decision { enum action action; long number; };

static bool matches(const struct rule *rule, const char *path, const char *other) {
    for (int i = 0; i < paths_a_rule && rule->paths[i]; i++) {
        bool excludes = rule->paths[i][0] == '!';
        const char *text = rule->paths[i] + excludes;
        bool contains = strstr(path, text) || (other && strstr(other, text));
        if (contains == excludes) return false;
    }
    return true;
}

static struct decision decide(enum function function, const char *path, const char *other) {
    for (int i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (!(rule->functions & 1u << function) || !matches(rule, path, other)) continue;
        int64_t call = __atomic_add_fetch(&control->rules[i].calls, 1, __ATOMIC_SEQ_CST);
        if (call < rule->from || call > rule->to || rule->action == a_none) continue;
        __atomic_add_fetch(&control->rules[i].acted, 1, __ATOMIC_SEQ_CST);
        snprintf(control->last, sizeof control->last, "%s %s", function_names[function], path);
        switch (rule->action) {
        case a_cut: case a_cuthalf: cut(rule->action == a_cuthalf); // fall through
        case a_kill:
            syscall(SYS_kill, getpid(), SIGKILL);
            for (;;) pause();
        case a_delay:
            nanosleep(&(struct timespec){rule->number / 1000, rule->number % 1000 * 1000000}, NULL);
            return (struct decision){a_none, 0};
        default: return (struct decision){rule->action, rule->number};
        }
    }
    return (struct decision){a_none, 0};
}

static bool is_wanted(enum function function) {
    return (wanted_functions & 1u << function) && __atomic_load_n(&control->armed, __ATOMIC_RELAXED);
}

static struct decision decide_file(enum function function, int file) {
    char path[path_bytes];
    if (!is_wanted(function)) return (struct decision){a_none, 0};
    return decide(function, path_of(file, path), NULL);
}

static struct decision decide_path(enum function function, const char *path, const char *other) {
    if (!is_wanted(function)) return (struct decision){a_none, 0};
    return decide(function, path, other);
}

/// The answer of a call that has no halves: done already (true, with *result), or still to do.
static bool is_answered(struct decision decision, int *result) {
    if (decision.action == a_errno || decision.action == a_torn) {
        errno = decision.action == a_errno ? (int)decision.number : EIO;
        *result = -1;
        return true;
    }
    *result = 0;
    return decision.action == a_lost;
}

// MARK: The disk that fills up

static bool is_limited(int file) {
    char path[path_bytes];
    if (!space_path || __atomic_load_n(&control->space, __ATOMIC_SEQ_CST) < 0) return false;
    return strstr(path_of(file, path), space_path) != NULL;
}

/// Takes up to `count` bytes; returns how many there were.
static size_t take_space(size_t count) {
    int64_t left = __atomic_load_n(&control->space, __ATOMIC_SEQ_CST), took;
    do {
        if (left < 0) return count;
        took = left < (int64_t)count ? left : (int64_t)count;
    } while (!__atomic_compare_exchange_n(
        &control->space, &left, left - took, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return (size_t)took;
}

static void return_space(int64_t count) {
    int64_t left = __atomic_load_n(&control->space, __ATOMIC_SEQ_CST);
    do {
        if (left < 0 || count <= 0) return;
    } while (!__atomic_compare_exchange_n(
        &control->space, &left, left + count, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

// MARK: Calls on open files

static ssize_t raw_write(int file, const void *bytes, size_t count, off_t at) {
    return at < 0 ? syscall(SYS_write, file, bytes, count) : syscall(SYS_pwrite64, file, bytes, count, at);
}

/// Writes what there is space for.
static ssize_t limited_write(int file, const void *bytes, size_t count, off_t at) {
    lock_tracking();
    track(file);
    ssize_t result = -1;
    size_t room = is_limited(file) ? take_space(count) : count;
    if (room == 0 && count > 0) errno = ENOSPC;
    else result = raw_write(file, bytes, room, at);
    unlock_tracking();
    return result;
}

static ssize_t faulty_write(int file, const void *bytes, size_t count, off_t at) {
    struct decision decision = decide_file(f_write, file);
    switch (decision.action) {
    case a_errno: return errno = (int)decision.number, -1;
    case a_lost: return (ssize_t)count;
    case a_short: return limited_write(file, bytes, count > 1 ? count / 2 : count, at);
    case a_torn:
        limited_write(file, bytes, count / 2, at);
        return errno = EIO, -1;
    case a_flip: {
        char *copy = count ? malloc(count) : NULL;
        if (!copy) break;
        memcpy(copy, bytes, count);
        copy[count / 2] ^= 0x10;
        ssize_t result = limited_write(file, copy, count, at);
        free(copy);
        return result;
    }
    default: break;
    }
    return limited_write(file, bytes, count, at);
}

static ssize_t faulty_read(enum function function, int file, void *bytes, size_t count, off_t at) {
    struct decision decision = decide_file(function, file);
    if (decision.action == a_errno) return errno = (int)decision.number, -1;
    if (decision.action == a_torn) return errno = EIO, -1;
    if (decision.action == a_lost) return 0;
    if (decision.action == a_short && count > 1) count /= 2;
    ssize_t result =
        at < 0 ? syscall(SYS_read, file, bytes, count) : syscall(SYS_pread64, file, bytes, count, at);
    if (decision.action == a_flip && result > 0) ((char *)bytes)[result / 2] ^= 0x10;
    return result;
}

ssize_t write(int file, const void *bytes, size_t count) { return faulty_write(file, bytes, count, -1); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return faulty_write(file, bytes, count, at); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off_t at) { return faulty_write(file, bytes, count, at); }
ssize_t read(int file, void *bytes, size_t count) { return faulty_read(f_read, file, bytes, count, -1); }
ssize_t pread(int file, void *bytes, size_t count, off_t at) { return faulty_read(f_pread, file, bytes, count, at); }
ssize_t pread64(int file, void *bytes, size_t count, off_t at) { return faulty_read(f_pread, file, bytes, count, at); }

#undef fread_unlocked
size_t fread_unlocked(void *bytes, size_t size, size_t count, FILE *stream) {
    struct decision decision = decide_file(f_read, fileno(stream));
    if (decision.action == a_errno || decision.action == a_torn) {
        // RocksDB takes a short answer without the end-of-file mark for a failed read, and looks at errno.
        return errno = decision.action == a_errno ? (int)decision.number : EIO, 0;
    }
    if (decision.action == a_lost) return 0;
    if (decision.action == a_short && count > 1) count /= 2;
    size_t result = real_fread_unlocked(bytes, size, count, stream);
    if (decision.action == a_flip && result > 0) ((char *)bytes)[size * result / 2] ^= 0x10;
    return result;
}

static int faulty_sync(enum function function, int file, long call) {
    int result;
    if (is_answered(decide_file(function, file), &result)) return result;
    lock_tracking();
    struct tracked *one = track(file);
    struct stat status = {0};
    if (one) fstat(file, &status);
    result = (int)syscall(call, file);
    if (one && !result) one->synced = status.st_size;
    unlock_tracking();
    return result;
}

int fsync(int file) { return faulty_sync(f_fsync, file, SYS_fsync); }
int fdatasync(int file) { return faulty_sync(f_fdatasync, file, SYS_fdatasync); }

int sync_file_range(int file, off_t at, off_t count, unsigned flags) {
    int result;
    if (is_answered(decide_file(f_sync_file_range, file), &result)) return result;
    return (int)syscall(SYS_sync_file_range, file, at, count, flags);
}

int fallocate(int file, int mode, off_t at, off_t count) {
    int result;
    if (is_answered(decide_file(f_fallocate, file), &result)) return result;
    return (int)syscall(SYS_fallocate, file, mode, at, count);
}

int ftruncate(int file, off_t size) {
    int result;
    if (is_answered(decide_file(f_ftruncate, file), &result)) return result;
    struct stat status;
    int64_t before = is_limited(file) && !fstat(file, &status) ? status.st_size : size;
    lock_tracking();
    result = (int)syscall(SYS_ftruncate, file, size);
    track(file);
    unlock_tracking();
    if (!result) return_space(before - size);
    return result;
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }

// MARK: Calls on paths

static int faulty_open(int folder, const char *path, int flags, mode_t mode) {
    int result;
    if (is_answered(decide_path(f_open, path, NULL), &result)) return errno = result ? errno : EIO, -1;
    result = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (result >= 0 && tracks_unsynced && (flags & O_ACCMODE) != O_RDONLY) {
        lock_tracking();
        track(result);
        unlock_tracking();
    }
    return result;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }
int open(const char *path, int flags, ...) { MODE(flags) return faulty_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return faulty_open(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return faulty_open(folder, path, flags, mode); }

int rename(const char *from, const char *to) {
    int result;
    if (is_answered(decide_path(f_rename, from, to), &result)) return result;
    lock_tracking();
    result = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    if (!result) track_rename(from, to);
    unlock_tracking();
    return result;
}

int unlink(const char *path) {
    int result;
    if (is_answered(decide_path(f_unlink, path, NULL), &result)) return result;
    struct stat status = {0};
    bool counts = space_path && strstr(path, space_path) && !stat(path, &status) && status.st_nlink == 1;
    result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (!result && counts) return_space(status.st_size);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    int result;
    if (is_answered(decide_path(f_mkdir, path, NULL), &result)) return result;
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int statvfs(const char *path, struct statvfs *answer) {
    int result = real_statvfs(path, answer);
    int64_t left = __atomic_load_n(&control->space, __ATOMIC_SEQ_CST);
    if (!result && left >= 0 && space_path && strstr(path, space_path))
        answer->f_bavail = answer->f_bfree = (fsblkcnt_t)left / (answer->f_frsize ? answer->f_frsize : 1);
    return result;
}
