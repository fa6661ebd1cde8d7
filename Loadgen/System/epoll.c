#define _GNU_SOURCE
#include "LoadgenSystem.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256 };

int loadgen_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int loadgen_epoll_add(int epoll, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = token};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

/* epoll_pwait2 waits to the nanosecond; kernels before 5.11 do not have it, and there a wait is up to a millisecond. */
static int wait_for(int epoll, struct epoll_event *found, int capacity, int64_t nanoseconds) {
    static _Atomic int is_old;
    if (nanoseconds < 0) return epoll_wait(epoll, found, capacity, -1);
    if (nanoseconds == 0) return epoll_wait(epoll, found, capacity, 0);
    if (!is_old) {
        struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        int count = epoll_pwait2(epoll, found, capacity, &time, NULL);
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        is_old = 1;
    }
    int64_t milliseconds = (nanoseconds + 999999) / 1000000;
    return epoll_wait(epoll, found, capacity, milliseconds > 60000 ? 60000 : (int)milliseconds);
}

int loadgen_epoll_wait(int epoll, struct loadgen_event *events, int capacity, int64_t nanoseconds) {
    struct epoll_event found[BATCH];
    int count = wait_for(epoll, found, capacity < BATCH ? capacity : BATCH, nanoseconds);
    for (int index = 0; index < count; index++) {
        uint32_t flags = found[index].events;
        events[index].token = found[index].data.u64;
        events[index].flags = (flags & (EPOLLIN | EPOLLRDHUP) ? LOADGEN_READABLE : 0) |
                              (flags & EPOLLOUT ? LOADGEN_WRITABLE : 0) |
                              (flags & (EPOLLHUP | EPOLLERR) ? LOADGEN_OVER : 0);
    }
    return count;
}

int loadgen_connect(const void *bytes, uint32_t length) {
    const struct sockaddr *address = bytes;
    int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, address, length) == 0 || errno == EINPROGRESS) return descriptor;
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

int loadgen_socket_error(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

int64_t loadgen_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
