#include "CCapture.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int capture_open(void) {
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (fd == -1)
        return -1;
    int one = 1, buffer = 64 << 20;
    struct sockaddr_ll name = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = (int)if_nametoindex("lo"),
    };
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) == 0 &&
        bind(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    close(fd);
    return -1;
}

static int read_one(int fd, capture_echo *echo) {
    uint8_t data[128];
    _Alignas(struct cmsghdr) uint8_t control[128];
    struct sockaddr_ll from;
    struct iovec part = {data, sizeof data};
    struct msghdr header = {
        .msg_name = &from,
        .msg_namelen = sizeof from,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t size = recvmsg(fd, &header, MSG_DONTWAIT);
    if (size < 0)
        return -1;
    struct cmsghdr *item = CMSG_FIRSTHDR(&header);
    unsigned offset = (data[0] & 15u) * 4;
    if (!item || item->cmsg_type != SO_TIMESTAMPNS || size < offset + 8 || data[9] != IPPROTO_ICMP)
        return 0;
    struct timespec time;
    memcpy(&time, CMSG_DATA(item), sizeof time);
    echo->nanoseconds = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    uint32_t address;
    echo->is_reply = data[offset] == ICMP_ECHOREPLY;
    memcpy(&address, data + (echo->is_reply ? 12 : 16), sizeof address);
    echo->address = ntohl(address);
    echo->is_outgoing = from.sll_pkttype == PACKET_OUTGOING;
    return echo->is_reply || data[offset] == ICMP_ECHO;
}

int capture_read(int fd, capture_echo *echoes, int capacity) {
    int count = 0, result = 0;
    while (count < capacity && (result = read_one(fd, &echoes[count])) >= 0)
        count += result;
    return count > 0 || result == 0 ? count : -1;
}
