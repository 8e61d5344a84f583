#include "CLinuxICMP.h"

#include <endian.h>
#include <errno.h>
#include <time.h>

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/net_tstamp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { batch = 256, data_size = 96, control_size = 160, receive_buffer = 8 << 20 };

const int clinux_icmp_batch = batch;

typedef struct {
    uint8_t type, code;
    uint16_t checksum, identifier, sequence;
    uint64_t cookie;
} echo_packet;

/* An echo of 56 bytes, the usual size, in one piece. */
typedef struct {
    echo_packet head;
    uint8_t zeros[48];
} short_packet;

static const uint8_t padding[UINT16_MAX];

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

static int stamp(int fd, int extra) {
    int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
                SOF_TIMESTAMPING_OPT_TSONLY | extra;
    return set(fd, SOL_SOCKET, SO_TIMESTAMPING, flags);
}

int clinux_icmp_restart_keys(int fd) {
    return stamp(fd, 0) == -1 ? -1 : stamp(fd, SOF_TIMESTAMPING_OPT_ID);
}

static int pass_only_replies(int fd, int is_v6) {
    if (!is_v6)
        return set(fd, SOL_RAW, ICMP_FILTER, (int)~(1u << ICMP_ECHOREPLY));
    struct icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
}

int clinux_icmp_open(int is_v6, int is_raw, int whole) {
    int type = (is_raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, type, is_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (fd == -1)
        return -1;
    int failed = is_v6 ? set(fd, SOL_IPV6, IPV6_RECVERR, 1) : set(fd, SOL_IP, IP_RECVERR, 1);
    if (is_raw)
        failed |= pass_only_replies(fd, is_v6);
    if (whole)
        failed |= is_v6 ? set(fd, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE)
                        : set(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    if (failed) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    /* Without times or large buffers the socket still works, less exactly. */
    stamp(fd, SOF_TIMESTAMPING_OPT_ID);
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer) == -1)
        set(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
    return fd;
}

/* RFC 1071; the padding is zero and adds nothing. */
static uint16_t checksum(const echo_packet *packet) {
    uint16_t words[sizeof *packet / 2];
    memcpy(words, packet, sizeof words);
    uint32_t sum = 0;
    for (unsigned i = 0; i < sizeof words / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~(sum + (sum >> 16));
}

static socklen_t write_address(struct sockaddr_in6 *name, int is_v6, const clinux_icmp_echo *echo) {
    if (!is_v6) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl((uint32_t)echo->low)};
        memcpy(name, &v4, sizeof v4);
        return sizeof v4;
    }
    uint64_t words[2] = {htobe64(echo->high), htobe64(echo->low)};
    *name = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_scope_id = echo->scope};
    memcpy(&name->sin6_addr, words, sizeof words);
    return sizeof *name;
}

/* Room for one control message that holds an int. */
typedef union {
    struct cmsghdr head;
    uint8_t bytes[CMSG_SPACE(sizeof(int))];
} class_control;

static void mark(struct msghdr *header, class_control *control, int is_v6, int traffic_class) {
    header->msg_control = control;
    header->msg_controllen = sizeof *control;
    control->head.cmsg_len = CMSG_LEN(sizeof(int));
    control->head.cmsg_level = is_v6 ? SOL_IPV6 : SOL_IP;
    control->head.cmsg_type = is_v6 ? IPV6_TCLASS : IP_TOS;
    memcpy(CMSG_DATA(&control->head), &traffic_class, sizeof traffic_class);
}

int clinux_icmp_send(const clinux_icmp_socket *socket, const clinux_icmp_echo *echoes, int count) {
    struct mmsghdr messages[batch];
    struct iovec parts[batch][2];
    struct sockaddr_in6 names[batch];
    short_packet packets[batch];
    class_control controls[batch];
    if (count > batch)
        count = batch;
    for (int i = 0; i < count; i++) {
        packets[i] = (short_packet){
            .head.type = socket->is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
            .head.identifier = htons(socket->identifier),
            .head.sequence = htons(echoes[i].sequence),
            .head.cookie = echoes[i].cookie,
        };
        if (socket->is_raw && !socket->is_v6)
            packets[i].head.checksum = checksum(&packets[i].head);
        size_t size = (size_t)echoes[i].payload_bytes + 8;
        size_t first = size < sizeof packets[i] ? size : sizeof packets[i];
        parts[i][0] = (struct iovec){&packets[i], first};
        parts[i][1] = (struct iovec){(void *)padding, size - first};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &names[i],
            .msg_namelen = write_address(&names[i], socket->is_v6, &echoes[i]),
            .msg_iov = parts[i],
            .msg_iovlen = size > first ? 2 : 1,
        };
        if (echoes[i].traffic_class)
            mark(&messages[i].msg_hdr, &controls[i], socket->is_v6, echoes[i].traffic_class);
    }
    return sendmmsg(socket->fd, messages, (unsigned)count, 0);
}

static void read_address(const struct sockaddr_in6 *name, clinux_icmp_event *event) {
    if (name->sin6_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, name, sizeof v4);
        event->low = ntohl(v4.sin_addr.s_addr);
    } else {
        uint64_t words[2];
        memcpy(words, &name->sin6_addr, sizeof words);
        event->high = be64toh(words[0]);
        event->low = be64toh(words[1]);
    }
}

static void read_control(struct msghdr *header, clinux_icmp_event *event) {
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item; item = CMSG_NXTHDR(header, item)) {
        if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SO_TIMESTAMPING) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(item), sizeof time);
            event->nanoseconds = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
        } else if ((item->cmsg_level == SOL_IP && item->cmsg_type == IP_RECVERR) ||
                   (item->cmsg_level == SOL_IPV6 && item->cmsg_type == IPV6_RECVERR)) {
            struct sock_extended_err error;
            memcpy(&error, CMSG_DATA(item), sizeof error);
            event->kind = error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING ? CLINUX_ICMP_SENT : CLINUX_ICMP_ERROR;
            event->key = error.ee_data;
            event->error = (int32_t)error.ee_errno;
            event->type = error.ee_type;
            event->code = error.ee_code;
        }
    }
}

/* Takes identifier, sequence and cookie from a packet of ours, or from as much of it as an ICMP error quotes. */
static void read_packet(const clinux_icmp_socket *socket, const uint8_t *data, size_t size, clinux_icmp_event *event) {
    int is_error = event->kind == CLINUX_ICMP_ERROR;
    size_t header = socket->is_raw && !socket->is_v6 && !is_error && size > 0 ? (data[0] & 15u) * 4 : 0;
    echo_packet packet = {0};
    if (size < header + 8)
        goto not_ours;
    size -= header;
    memcpy(&packet, data + header, size < sizeof packet ? size : sizeof packet);
    if (socket->is_raw && ntohs(packet.identifier) != socket->identifier)
        goto not_ours;
    if (!is_error) {
        if (size < sizeof packet || packet.type != (socket->is_v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
            goto not_ours;
        event->kind = CLINUX_ICMP_REPLY;
    }
    event->sequence = ntohs(packet.sequence);
    event->cookie = packet.cookie;
    return;
not_ours:
    event->kind = CLINUX_ICMP_NOTHING;
}

int clinux_icmp_receive(const clinux_icmp_socket *socket, int from_error_queue, clinux_icmp_event *events, int capacity) {
    struct mmsghdr messages[batch];
    struct iovec parts[batch];
    struct sockaddr_in6 names[batch];
    uint8_t data[batch][data_size];
    _Alignas(struct cmsghdr) uint8_t control[batch][control_size];
    if (capacity > batch)
        capacity = batch;
    for (int i = 0; i < capacity; i++) {
        parts[i] = (struct iovec){data[i], data_size};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &names[i],
            .msg_namelen = sizeof names[i],
            .msg_iov = &parts[i],
            .msg_iovlen = 1,
            .msg_control = control[i],
            .msg_controllen = control_size,
        };
    }
    int flags = MSG_DONTWAIT | (from_error_queue ? MSG_ERRQUEUE : 0);
    int count = recvmmsg(socket->fd, messages, (unsigned)capacity, flags, NULL);
    for (int i = 0; i < count; i++) {
        events[i] = (clinux_icmp_event){.kind = CLINUX_ICMP_NOTHING};
        if (messages[i].msg_hdr.msg_namelen > 0)
            read_address(&names[i], &events[i]);
        read_control(&messages[i].msg_hdr, &events[i]);
        if (events[i].kind != CLINUX_ICMP_SENT)
            read_packet(socket, data[i], messages[i].msg_len, &events[i]);
    }
    return count;
}
