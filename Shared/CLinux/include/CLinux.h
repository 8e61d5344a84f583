#pragma once
/* What Glibc's Swift module lacks: GNU and Linux calls, behind plain C types. Each returns what the call
   returns: -1 and errno on failure. */
#include "CLinuxICMP.h"
#include "CLinuxNamespace.h"
#include "CLinuxTUN.h"
#include "CLinuxTimed.h"
#include <stdint.h>

#include "CLinuxProcess.h"

/* One event of epoll(7), without its union. */
typedef struct {
    uint32_t readiness;
    uint64_t key;
} clinux_event;

/* epoll_create1(2) with EPOLL_CLOEXEC. */
int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int fd, uint32_t readiness, uint64_t key);
int clinux_epoll_modify(int epoll, int fd, uint32_t readiness, uint64_t key);
int clinux_epoll_remove(int epoll, int fd);
/* epoll_wait(2) for at most `capacity` events, 256 at the most. */
int clinux_epoll_wait(int epoll, clinux_event *events, int capacity, int milliseconds);
/* The bits of `readiness`. */
extern const uint32_t clinux_epoll_in, clinux_epoll_out, clinux_epoll_err, clinux_epoll_hup;

/* accept4(2) with SOCK_NONBLOCK | SOCK_CLOEXEC. */
int clinux_accept(int fd);
/* eventfd(2) with EFD_NONBLOCK | EFD_CLOEXEC. */
int clinux_eventfd(void);
/* Nanoseconds of CLOCK_MONOTONIC and CLOCK_REALTIME. */
uint64_t clinux_monotonic_nanoseconds(void);
uint64_t clinux_realtime_nanoseconds(void);
/* A place of this thread's own that holds one pointer. */
void *clinux_thread_pointer(void);
void clinux_set_thread_pointer(void *pointer);
/* Gives memory that is not used back to the system: of this thread with mimalloc, else of all, by malloc_trim(3). */
void clinux_trim_heap(void);
/* Nanoseconds of processor time this process has used. */
uint64_t clinux_process_cpu_nanoseconds(void);
/* From now on each of `count` signals writes its number, one byte, to a pipe, whose reading end is returned.
   One pipe a process: the last call takes the signals over. */
int clinux_signal_pipe(const int *signals, int count);
