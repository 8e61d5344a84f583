#pragma once
#include <stdint.h>

/* Makes the TUN interface `name` in the calling thread's network namespace, for packets of at most `mtu` bytes, and
   brings it up. Returns a descriptor that packets are read from and written to, one a call, without blocking; the
   interface goes when that is closed. Needs CAP_NET_ADMIN. -1 and errno on failure. */
int clinux_tun_open(const char *name, int mtu);
/* Gives an interface an address (in host order; sixteen bytes in network order) and makes it the way to everywhere;
   `index` tells the addresses of IPv4 apart. Returns when the address is in use. -1 and errno on failure. */
int clinux_tun_add_v4(const char *name, int index, uint32_t address);
int clinux_tun_add_v6(const char *name, const uint8_t *address);
/* A descriptor that becomes readable at a time; reading 8 bytes from it makes it wait again. */
int clinux_timer(void);
/* Sets that time, in nanoseconds of CLOCK_MONOTONIC; 0: never. */
int clinux_timer_set(int fd, uint64_t nanoseconds);
