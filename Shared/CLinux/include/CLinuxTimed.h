#pragma once
/* Sockets for probes of any kind: they take the kernel's times of what they send and receive, and keep what routers say
   of what was sent (IP_RECVERR). None needs a capability. An address is two words in the host's byte order; an IPv4
   address is its bits in `low`. Calls return what the system call returns: -1 and errno on failure. */
#include <stdint.h>

enum clinux_timed_kind {
    CLINUX_TIMED_UDP,
    /* ICMP echo without a capability: the kernel writes identifier and checksum, and lets replies to it through. */
    CLINUX_TIMED_PING,
    /* For a single connect(2), which is given up without a word when the socket is closed. */
    CLINUX_TIMED_TCP,
};

enum clinux_timed_event_kind {
    CLINUX_TIMED_NOTHING,
    /* Something was received: its sender and when the kernel had it. */
    CLINUX_TIMED_DATA,
    /* Datagram number `key` of the socket left at `nanoseconds`. */
    CLINUX_TIMED_SENT,
    /* An ICMP error about something that was sent: who says so, when it came, type, code, and the data as far as it is
       quoted: of UDP what follows the header, of the others from the header on. */
    CLINUX_TIMED_NOTICE,
    /* This host would not send it: `info` is the largest size it takes when `error` is EMSGSIZE. */
    CLINUX_TIMED_REFUSED,
};

typedef struct {
    /* Who sent it. */
    uint64_t high, low;
    /* The address it came to; only of a socket that serves. */
    uint64_t local_high, local_low;
    /* CLOCK_REALTIME; 0 when the kernel gave no time. */
    uint64_t nanoseconds;
    uint32_t scope;
    uint32_t key;
    uint32_t info;
    int32_t error;
    /* Bytes of data, as many as there was room for. */
    uint32_t size;
    uint16_t port;
    uint8_t kind;
    uint8_t type, code;
    /* Hops it might still have made; only of a socket that serves. */
    uint8_t hop_limit;
} clinux_timed_event;

/* The largest batch of the calls below. */
extern const int clinux_timed_batch;

int clinux_timed_open(int kind, int is_v6);
/* Has the kernel say where what is received was sent to, and no longer when something left; of IPv6, nothing else is
   received. To be called before bind(2). */
int clinux_timed_serve(int fd, int is_v6);
/* Makes the next datagram number 0 again. */
int clinux_timed_restart_keys(int fd);
int clinux_timed_set_hop_limit(int fd, int is_v6, int hops);
/* The traffic class, whose upper six bits are the DSCP. */
int clinux_timed_set_class(int fd, int is_v6, int traffic_class);
/* Nothing is fragmented from here on, and what the kernel believes of the path's MTU is ignored. */
int clinux_timed_keep_whole(int fd, int is_v6);
/* sendmmsg(2) of `count` datagrams of `size` bytes that lie one behind the other, to where the socket is connected. */
int clinux_timed_send(int fd, const uint8_t *data, int size, int count);
/* Sends `size` bytes to where a datagram came from, from the address that it came to. */
int clinux_timed_answer(int fd, int is_v6, const clinux_timed_event *question, const uint8_t *data, int size);
/* recvmmsg(2) of data or of the error queue; `data` has room for `capacity` pieces of `stride` bytes. */
int clinux_timed_receive(int fd, int from_error_queue, clinux_timed_event *events, int capacity, uint8_t *data,
                         int stride);
/* How far this host's clock may be from UTC, in nanoseconds; -1 when nothing keeps it right. */
int64_t clinux_clock_error_nanoseconds(void);
/* Microseconds that the handshake of a connected TCP socket took; 0 when the kernel does not say, or had to ask
   twice. */
uint32_t clinux_tcp_handshake_microseconds(int fd);
