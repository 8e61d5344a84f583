#pragma once
/* What Glibc's Swift module lacks: GNU and Linux calls, and function-like macros as inline functions. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
