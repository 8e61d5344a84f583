#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <time.h>

/* Ends a match when its time is over. `deadline` points to nanoseconds of CLOCK_MONOTONIC. Compiled with
   PCRE2_AUTO_CALLOUT, a pattern calls this before each of its items: between two calls lies one pass over the subject
   at the most. */
static inline int CPCRE2_check_time(pcre2_callout_block *block, void *deadline) {
    (void)block;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t nanoseconds = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return nanoseconds > *(const uint64_t *)deadline ? PCRE2_ERROR_MATCHLIMIT : 0;
}

static inline void CPCRE2_set_deadline(pcre2_match_context *context, const uint64_t *deadline) {
    pcre2_set_callout(context, CPCRE2_check_time, (void *)deadline);
}

/* Nanoseconds of CLOCK_MONOTONIC, so many from now. */
static inline uint64_t CPCRE2_time_in(uint64_t nanoseconds) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + nanoseconds;
}
