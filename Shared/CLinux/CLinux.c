#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

const uint32_t clinux_epoll_in = EPOLLIN, clinux_epoll_out = EPOLLOUT, clinux_epoll_err = EPOLLERR,
               clinux_epoll_hup = EPOLLHUP;

int clinux_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int clinux_epoll_add(int epoll, int fd, uint32_t readiness, uint64_t key) {
    struct epoll_event event = {.events = readiness, .data.u64 = key};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int clinux_epoll_modify(int epoll, int fd, uint32_t readiness, uint64_t key) {
    struct epoll_event event = {.events = readiness, .data.u64 = key};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

int clinux_epoll_remove(int epoll, int fd) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

int clinux_epoll_wait(int epoll, clinux_event *events, int capacity, int milliseconds) {
    struct epoll_event raw[256];
    int count = epoll_wait(epoll, raw, capacity < 256 ? capacity : 256, milliseconds);
    for (int i = 0; i < count; i++)
        events[i] = (clinux_event){.readiness = raw[i].events, .key = raw[i].data.u64};
    return count;
}

int clinux_accept(int fd) {
    return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

uint64_t clinux_monotonic_nanoseconds(void) {
    return now(CLOCK_MONOTONIC);
}

uint64_t clinux_realtime_nanoseconds(void) {
    return now(CLOCK_REALTIME);
}

static __thread void *thread_pointer;

void *clinux_thread_pointer(void) {
    return thread_pointer;
}

void clinux_set_thread_pointer(void *pointer) {
    thread_pointer = pointer;
}

uint64_t clinux_process_cpu_nanoseconds(void) {
    return now(CLOCK_PROCESS_CPUTIME_ID);
}

static volatile sig_atomic_t signal_writer = -1;

static void write_signal(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    (void)!write(signal_writer, &byte, 1);
    errno = saved;
}

int clinux_signal_pipe(const int *signals, int count) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        return -1;
    signal_writer = ends[1];
    struct sigaction action = {.sa_handler = write_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < count; i++)
        if (sigaction(signals[i], &action, NULL) != 0)
            return -1;
    return ends[0];
}

/* mimalloc's, in programs that are linked with it. */
void mi_collect(bool force) __attribute__((weak));

void clinux_trim_heap(void) {
    if (mi_collect)
        mi_collect(true);
    else
        malloc_trim(0);
}
