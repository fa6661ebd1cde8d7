#pragma once

#include <stdint.h>

/* What the load generator needs of Linux beyond POSIX, and Swift's Glibc module does not show. */

enum { LOADGEN_READABLE = 1, LOADGEN_WRITABLE = 2, LOADGEN_OVER = 4 };

/* What happened to a descriptor: the token it was added with, and which of the flags above. */
struct loadgen_event {
    uint64_t token;
    uint32_t flags;
};

int loadgen_epoll_create(void);
/* Wakes when there is more to read or room to write again, not as long as that lasts. */
int loadgen_epoll_add(int epoll, int descriptor, uint64_t token);
/* Waits up to so many nanoseconds, for ever if negative; returns how many events there are, -1 with errno. */
int loadgen_epoll_wait(int epoll, struct loadgen_event *events, int capacity, int64_t nanoseconds);

/* A non-blocking TCP socket that begins to connect to a socket address; -1 with errno. */
int loadgen_connect(const void *address, uint32_t length);
/* The error that a connection attempt ended in, 0 for none. */
int loadgen_socket_error(int descriptor);

/* Nanoseconds of the monotonic clock. */
int64_t loadgen_now(void);
