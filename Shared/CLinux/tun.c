#include "CLinuxTUN.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* <linux/ipv6.h> has it too, but does not go together with the C library's headers. */
struct interface_address6 {
    struct in6_addr address;
    uint32_t prefix;
    int interface;
};

static int control(int family, unsigned long request, void *argument) {
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    int result = ioctl(fd, request, argument);
    int failure = errno;
    close(fd);
    errno = failure;
    return result;
}

static void set_name(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    strncpy(request->ifr_name, name, IFNAMSIZ - 1);
}

/* Without this an address of its own is not used before the neighbours have been asked for a second. */
static void trust_own_addresses(const char *name) {
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/accept_dad", name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return;
    (void)!write(fd, "0", 1);
    close(fd);
}

int clinux_tun_open(const char *name, int mtu) {
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return -1;
    struct ifreq request;
    set_name(&request, name);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    int result = ioctl(fd, TUNSETIFF, &request);
    if (result == 0) {
        trust_own_addresses(name);
        set_name(&request, name);
        request.ifr_mtu = mtu;
        result = control(AF_INET, SIOCSIFMTU, &request);
    }
    if (result == 0) {
        set_name(&request, name);
        request.ifr_qlen = 10000;
        result = control(AF_INET, SIOCSIFTXQLEN, &request);
    }
    if (result == 0) {
        set_name(&request, name);
        request.ifr_flags = IFF_UP | IFF_RUNNING;
        result = control(AF_INET, SIOCSIFFLAGS, &request);
    }
    if (result == 0)
        return fd;
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

static struct sockaddr inet_address(uint32_t address) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr any;
    memcpy(&any, &inet, sizeof any);
    return any;
}

int clinux_tun_add_v4(const char *name, int index, uint32_t address) {
    /* An address of its own label is added to the others instead of taking the place of one. */
    char label[IFNAMSIZ];
    snprintf(label, sizeof label, index == 0 ? "%s" : "%s:%d", name, index);
    struct ifreq request;
    set_name(&request, label);
    request.ifr_addr = inet_address(address);
    if (control(AF_INET, SIOCSIFADDR, &request) == -1)
        return -1;
    set_name(&request, label);
    request.ifr_netmask = inet_address(0xffffffff);
    if (control(AF_INET, SIOCSIFNETMASK, &request) == -1)
        return -1;
    struct rtentry route = {
        .rt_dst = inet_address(0), .rt_genmask = inet_address(0), .rt_flags = RTF_UP, .rt_dev = (char *)name};
    int result = control(AF_INET, SIOCADDRT, &route);
    return result == -1 && errno == EEXIST ? 0 : result;
}

/* The kernel takes a new address into use on a thread of its own, a little later. */
static int await_use(const struct in6_addr *address) {
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = *address};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    int result = -1;
    for (int tries = 0; tries < 1000 && result == -1; tries++) {
        result = bind(fd, (struct sockaddr *)&name, sizeof name);
        if (result == -1 && errno != EADDRNOTAVAIL)
            break;
        if (result == -1)
            usleep(1000);
    }
    int failure = errno;
    close(fd);
    errno = failure;
    return result;
}

int clinux_tun_add_v6(const char *name, const uint8_t *address) {
    struct interface_address6 own = {.prefix = 128, .interface = (int)if_nametoindex(name)};
    memcpy(&own.address, address, sizeof own.address);
    if (control(AF_INET6, SIOCSIFADDR, &own) == -1)
        return -1;
    struct in6_rtmsg route = {
        .rtmsg_flags = RTF_UP, .rtmsg_metric = 1, .rtmsg_ifindex = (int)if_nametoindex(name)};
    if (control(AF_INET6, SIOCADDRT, &route) == -1 && errno != EEXIST)
        return -1;
    return await_use(&own.address);
}

int clinux_timer(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

int clinux_timer_set(int fd, uint64_t nanoseconds) {
    struct itimerspec time = {
        .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL);
}
