#pragma once
/* What tcpdump sees of ICMP echoes on the loopback interface: a packet socket (packet(7)) with kernel times. */
#include <stdint.h>

typedef struct {
    /* CLOCK_REALTIME. */
    uint64_t nanoseconds;
    /* IPv4, in the host's byte order: the request's destination, the reply's source. */
    uint32_t address;
    uint8_t is_reply;
    /* Seen on its way out of the host, as opposed to on its way in. */
    uint8_t is_outgoing;
} capture_echo;

int capture_open(void);
/* Reads the echoes at hand; -1 when there are none. */
int capture_read(int fd, capture_echo *echoes, int capacity);
