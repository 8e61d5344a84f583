#pragma once
/* ICMP echo sockets with kernel timestamps (icmp(7), timestamping in the kernel's networking documentation), a batch
   a call. An address is two words in the host's byte order; an IPv4 address is its bits in `low`. Calls return what
   the system call returns: -1 and errno on failure. */
#include <stdint.h>

/* How a socket was opened. */
typedef struct {
    int fd;
    int is_v6;
    /* A raw socket rather than a ping socket: `identifier` is ours to choose, and to filter by. */
    int is_raw;
    uint16_t identifier;
} clinux_icmp_socket;

/* One echo request to be sent. */
typedef struct {
    uint64_t high, low;
    uint32_t scope;
    uint16_t sequence;
    /* Bytes after the ICMP header, 8 or more: the cookie, then zeros. */
    uint16_t payload_bytes;
    /* The octet of RFC 2474 and RFC 3168. */
    uint8_t traffic_class;
    uint64_t cookie;
} clinux_icmp_echo;

enum clinux_icmp_kind {
    /* Not ours, or too short to be told. */
    CLINUX_ICMP_NOTHING,
    /* An echo reply: address it came from, sequence, cookie, kernel receive time. */
    CLINUX_ICMP_REPLY,
    /* Request number `key` of the socket left at `nanoseconds`. */
    CLINUX_ICMP_SENT,
    /* An ICMP error for a request of ours: address it was for, sequence, type and code, errno. */
    CLINUX_ICMP_ERROR,
};

typedef struct {
    uint64_t high, low;
    uint64_t cookie;
    /* CLOCK_REALTIME; 0 when the kernel gave no time. */
    uint64_t nanoseconds;
    uint32_t key;
    int32_t error;
    uint16_t sequence;
    uint8_t kind;
    uint8_t type;
    uint8_t code;
} clinux_icmp_event;

/* The largest batch of the two calls below. */
extern const int clinux_icmp_batch;

/* Opens a socket that is non-blocking, queues ICMP errors, and takes the times of what it sends and receives. With
   `whole` its packets are never fragmented, and what the kernel knows of path MTUs is passed over. */
int clinux_icmp_open(int is_v6, int is_raw, int whole);
/* Makes the next request number 0 again. */
int clinux_icmp_restart_keys(int fd);
/* sendmmsg(2). */
int clinux_icmp_send(const clinux_icmp_socket *socket, const clinux_icmp_echo *echoes, int count);
/* recvmmsg(2) of replies, or of the error queue. */
int clinux_icmp_receive(const clinux_icmp_socket *socket, int from_error_queue, clinux_icmp_event *events, int capacity);
