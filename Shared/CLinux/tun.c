#include "CLinuxTUN.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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

int clinux_tun_open(const char *name, int mtu) {
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return -1;
    struct ifreq request;
    set_name(&request, name);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    int result = ioctl(fd, TUNSETIFF, &request);
    if (result == 0) {
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

/* What the kernel says to a request (netlink(7)). */
struct answer {
    struct nlmsghdr header;
    union {
        struct nlmsgerr error;
        struct rtmsg route;
        uint8_t room[512];
    };
};

static int ask(const void *request, size_t size, struct answer *answer) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd == -1)
        return -1;
    int result = -1;
    if (send(fd, request, size, 0) == (ssize_t)size &&
        recv(fd, answer, sizeof *answer, 0) >= (ssize_t)(sizeof answer->header + sizeof answer->error.error)) {
        int failure = answer->header.nlmsg_type == NLMSG_ERROR ? -answer->error.error : 0;
        result = failure == 0 ? 0 : -1;
        errno = failure;
    }
    int failure = errno;
    close(fd);
    errno = failure;
    return result;
}

/* Nobody is asked whether they have the address already. */
static int add_address(int interface, const uint8_t *address) {
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg address;
        struct rtattr local;
        uint8_t local_bytes[16];
        struct rtattr flags;
        uint32_t flag_bits;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_NEWADDR,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
        .address = {.ifa_family = AF_INET6, .ifa_prefixlen = 128, .ifa_index = (uint32_t)interface},
        .local = {.rta_len = RTA_LENGTH(16), .rta_type = IFA_LOCAL},
        .flags = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFA_FLAGS},
        .flag_bits = IFA_F_NODAD | IFA_F_PERMANENT,
    };
    memcpy(request.local_bytes, address, sizeof request.local_bytes);
    struct answer answer;
    return ask(&request, sizeof request, &answer);
}

/* The kernel takes a new address into use on a thread of its own, which may be busy; until then nothing that is sent to
   the address is received. */
static int await_use(const uint8_t *address) {
    struct {
        struct nlmsghdr header;
        struct rtmsg route;
        struct rtattr destination;
        uint8_t destination_bytes[16];
    } request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = AF_INET6, .rtm_dst_len = 128},
        .destination = {.rta_len = RTA_LENGTH(16), .rta_type = RTA_DST},
    };
    memcpy(request.destination_bytes, address, sizeof request.destination_bytes);
    for (int tries = 0; tries < 20000; tries++) {
        struct answer answer;
        if (ask(&request, sizeof request, &answer) == -1 && errno != ENETUNREACH)
            return -1;
        if (answer.header.nlmsg_type == RTM_NEWROUTE && answer.route.rtm_type == RTN_LOCAL)
            return 0;
        usleep(1000);
    }
    errno = ETIMEDOUT;
    return -1;
}

int clinux_tun_add_v6(const char *name, const uint8_t *address) {
    int interface = (int)if_nametoindex(name);
    if (add_address(interface, address) == -1)
        return -1;
    struct in6_rtmsg route = {.rtmsg_flags = RTF_UP, .rtmsg_metric = 1, .rtmsg_ifindex = interface};
    if (control(AF_INET6, SIOCADDRT, &route) == -1 && errno != EEXIST)
        return -1;
    return await_use(address);
}

int clinux_timer(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

int clinux_timer_set(int fd, uint64_t nanoseconds) {
    struct itimerspec time = {
        .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000), .tv_nsec = (long)(nanoseconds % 1000000000)}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL);
}
