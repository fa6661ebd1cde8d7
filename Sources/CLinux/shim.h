#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/* What Linux has beyond POSIX, and Swift's Glibc module does not show. */

enum {
    WEIR_EPOLL_IN = EPOLLIN,
    WEIR_EPOLL_OUT = EPOLLOUT,
    WEIR_EPOLL_ERR = EPOLLERR,
    WEIR_EPOLL_HUP = EPOLLHUP,
    WEIR_EPOLL_RDHUP = EPOLLRDHUP,
};

extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int weir_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int weir_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = data;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

/* Wakes when the state changes, not as long as it lasts. */
static inline int weir_epoll_add_edge(int epoll, int descriptor, uint32_t events, uint64_t data) {
    return weir_epoll_add(epoll, descriptor, events | EPOLLET, data);
}

/* Of several sets that a descriptor is in, wakes one. */
static inline int weir_epoll_add_exclusive(int epoll, int descriptor, uint32_t events, uint64_t data) {
    return weir_epoll_add(epoll, descriptor, events | EPOLLEXCLUSIVE, data);
}

static inline int weir_epoll_remove(int epoll, int descriptor) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event);
}

static inline int weir_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static inline int weir_accept(int listening, struct sockaddr_storage *address) {
    socklen_t size = sizeof *address;
    return accept4(listening, (struct sockaddr *)address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
