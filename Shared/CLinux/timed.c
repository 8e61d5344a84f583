#include "CLinuxTimed.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

enum { batch = 64, control_size = 256, receive_buffer = 8 << 20, autoflowlabel = 70 };

const int clinux_timed_batch = batch;

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

static int stamp(int fd, int extra) {
    return set(fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | extra);
}

int clinux_timed_restart_keys(int fd) {
    int departures = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
    return stamp(fd, departures) == -1 ? -1 : stamp(fd, departures | SOF_TIMESTAMPING_OPT_ID);
}

static int open_socket(int kind, int is_v6) {
    int family = is_v6 ? AF_INET6 : AF_INET, flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    switch (kind) {
    case CLINUX_TIMED_PING:
        return socket(family, SOCK_DGRAM | flags, is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    case CLINUX_TIMED_TCP:
        return socket(family, SOCK_STREAM | flags, 0);
    default:
        return socket(family, SOCK_DGRAM | flags, 0);
    }
}

int clinux_timed_open(int kind, int is_v6) {
    int fd = open_socket(kind, is_v6);
    if (fd == -1)
        return -1;
    int failed = is_v6 ? set(fd, SOL_IPV6, IPV6_RECVERR, 1) : set(fd, SOL_IP, IP_RECVERR, 1);
    if (failed) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    /* Without these the socket still works, less exactly. */
    if (is_v6)
        set(fd, SOL_IPV6, autoflowlabel, 0);
    if (kind == CLINUX_TIMED_TCP) {
        struct linger at_once = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        stamp(fd, 0);
    } else {
        if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer) == -1)
            set(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
        clinux_timed_restart_keys(fd);
    }
    return fd;
}

int clinux_timed_serve(int fd, int is_v6) {
    int failed = stamp(fd, 0);
    if (is_v6)
        return failed | set(fd, SOL_IPV6, IPV6_V6ONLY, 1) | set(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1) |
               set(fd, SOL_IPV6, IPV6_RECVHOPLIMIT, 1);
    return failed | set(fd, SOL_IP, IP_PKTINFO, 1) | set(fd, SOL_IP, IP_RECVTTL, 1);
}

int clinux_timed_set_hop_limit(int fd, int is_v6, int hops) {
    return is_v6 ? set(fd, SOL_IPV6, IPV6_UNICAST_HOPS, hops) : set(fd, SOL_IP, IP_TTL, hops);
}

int clinux_timed_set_class(int fd, int is_v6, int traffic_class) {
    return is_v6 ? set(fd, SOL_IPV6, IPV6_TCLASS, traffic_class) : set(fd, SOL_IP, IP_TOS, traffic_class);
}

int clinux_timed_keep_whole(int fd, int is_v6) {
    if (!is_v6)
        return set(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    return set(fd, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) | set(fd, SOL_IPV6, IPV6_DONTFRAG, 1);
}

int clinux_timed_send(int fd, const uint8_t *data, int size, int count) {
    struct mmsghdr messages[batch];
    struct iovec parts[batch];
    if (count > batch)
        count = batch;
    for (int i = 0; i < count; i++) {
        parts[i] = (struct iovec){(void *)(data + (size_t)i * (size_t)size), (size_t)size};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    return sendmmsg(fd, messages, (unsigned)count, 0);
}

static struct in6_addr v6_address(uint64_t high, uint64_t low) {
    struct in6_addr address;
    uint64_t words[2] = {htobe64(high), htobe64(low)};
    memcpy(&address, words, sizeof address);
    return address;
}

static void read_v6(const void *address, uint64_t *high, uint64_t *low) {
    uint64_t words[2];
    memcpy(words, address, sizeof words);
    *high = be64toh(words[0]);
    *low = be64toh(words[1]);
}

static void add_control(struct msghdr *header, int level, int type, const void *value, size_t size) {
    header->msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *item = CMSG_FIRSTHDR(header);
    item->cmsg_level = level;
    item->cmsg_type = type;
    item->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(item), value, size);
}

int clinux_timed_answer(int fd, int is_v6, const clinux_timed_event *question, const uint8_t *data, int size) {
    _Alignas(struct cmsghdr) uint8_t control[control_size] = {0};
    struct iovec part = {(void *)data, (size_t)size};
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = htons(question->port), .sin_addr.s_addr = htonl((uint32_t)question->low)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6,
        .sin6_port = htons(question->port),
        .sin6_addr = v6_address(question->high, question->low),
        .sin6_scope_id = question->scope,
    };
    struct msghdr header = {
        .msg_name = is_v6 ? (void *)&v6 : (void *)&v4,
        .msg_namelen = is_v6 ? sizeof v6 : sizeof v4,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    if (is_v6) {
        struct in6_pktinfo from = {.ipi6_addr = v6_address(question->local_high, question->local_low)};
        add_control(&header, SOL_IPV6, IPV6_PKTINFO, &from, sizeof from);
    } else {
        struct in_pktinfo from = {.ipi_spec_dst.s_addr = htonl((uint32_t)question->local_low)};
        add_control(&header, SOL_IP, IP_PKTINFO, &from, sizeof from);
    }
    return (int)sendmsg(fd, &header, 0);
}

static void read_address(const struct sockaddr_in6 *name, clinux_timed_event *event) {
    if (name->sin6_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, name, sizeof v4);
        event->high = 0;
        event->low = ntohl(v4.sin_addr.s_addr);
        event->port = ntohs(v4.sin_port);
    } else if (name->sin6_family == AF_INET6) {
        read_v6(&name->sin6_addr, &event->high, &event->low);
        event->port = ntohs(name->sin6_port);
        event->scope = name->sin6_scope_id;
    }
}

static void read_error(const struct cmsghdr *item, clinux_timed_event *event) {
    struct sock_extended_err error;
    memcpy(&error, CMSG_DATA(item), sizeof error);
    event->key = error.ee_data;
    event->info = error.ee_info;
    event->error = (int32_t)error.ee_errno;
    event->type = error.ee_type;
    event->code = error.ee_code;
    if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
        event->kind = CLINUX_TIMED_SENT;
    } else if (error.ee_origin == SO_EE_ORIGIN_LOCAL) {
        event->kind = CLINUX_TIMED_REFUSED;
    } else {
        event->kind = CLINUX_TIMED_NOTICE;
        struct sockaddr_in6 offender = {0};
        size_t room = item->cmsg_len - CMSG_LEN(sizeof error);
        memcpy(&offender, CMSG_DATA(item) + sizeof error, room < sizeof offender ? room : sizeof offender);
        read_address(&offender, event);
    }
}

static void read_control(struct msghdr *header, clinux_timed_event *event) {
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item)) {
        int level = item->cmsg_level, type = item->cmsg_type;
        if (level == SOL_SOCKET && type == SO_TIMESTAMPING) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(item), sizeof time);
            event->nanoseconds = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
        } else if ((level == SOL_IP && type == IP_RECVERR) || (level == SOL_IPV6 && type == IPV6_RECVERR)) {
            read_error(item, event);
        } else if (level == SOL_IP && type == IP_PKTINFO) {
            struct in_pktinfo to;
            memcpy(&to, CMSG_DATA(item), sizeof to);
            event->local_low = ntohl(to.ipi_addr.s_addr);
        } else if (level == SOL_IPV6 && type == IPV6_PKTINFO) {
            struct in6_pktinfo to;
            memcpy(&to, CMSG_DATA(item), sizeof to);
            read_v6(&to.ipi6_addr, &event->local_high, &event->local_low);
        } else if ((level == SOL_IP && type == IP_TTL) || (level == SOL_IPV6 && type == IPV6_HOPLIMIT)) {
            int hops;
            memcpy(&hops, CMSG_DATA(item), sizeof hops);
            event->hop_limit = (uint8_t)hops;
        }
    }
}

int clinux_timed_receive(int fd, int from_error_queue, clinux_timed_event *events, int capacity, uint8_t *data,
                         int stride) {
    struct mmsghdr messages[batch];
    struct iovec parts[batch];
    struct sockaddr_in6 names[batch];
    _Alignas(struct cmsghdr) uint8_t control[batch][control_size];
    if (capacity > batch)
        capacity = batch;
    for (int i = 0; i < capacity; i++) {
        parts[i] = (struct iovec){data + (size_t)i * (size_t)stride, (size_t)stride};
        names[i].sin6_family = AF_UNSPEC;
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &names[i],
            .msg_namelen = sizeof names[i],
            .msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = control[i],
            .msg_controllen = control_size,
        };
    }
    int count = recvmmsg(fd, messages, (unsigned)capacity, MSG_DONTWAIT | (from_error_queue ? MSG_ERRQUEUE : 0), NULL);
    for (int i = 0; i < count; i++) {
        events[i] = (clinux_timed_event){
            .kind = from_error_queue ? CLINUX_TIMED_NOTHING : CLINUX_TIMED_DATA, .size = messages[i].msg_len};
        if (!from_error_queue)
            read_address(&names[i], &events[i]);
        read_control(&messages[i].msg_hdr, &events[i]);
    }
    return count;
}

int64_t clinux_clock_error_nanoseconds(void) {
    struct timex clock = {0};
    int state = adjtimex(&clock);
    if (state == -1 || state == TIME_ERROR || clock.status & STA_UNSYNC)
        return -1;
    return (int64_t)clock.esterror * 1000;
}

uint32_t clinux_tcp_handshake_microseconds(int fd) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    memset(&info, 0, sizeof info);
    return getsockopt(fd, SOL_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_total_retrans == 0 ? info.tcpi_rtt : 0;
}
