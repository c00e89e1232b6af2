// What both ends of a measurement share: WebSocket frames (RFC 6455), sockets and errors.
#ifndef ROOMFUL_BENCH_WEBSOCKET_H
#define ROOMFUL_BENCH_WEBSOCKET_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, READ_BYTES = 1 << 18, ID_BYTES = 38, TAG_BYTES = 8 };

static inline _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static inline void *get_memory(void *old, size_t size) {
    void *new = realloc(old, size ? size : 1);
    if (!new) die("out of memory");
    return new;
}

/// A frame's place in a buffer. `mask` is NULL in frames from a server.
typedef struct {
    int opcode;
    unsigned char *mask, *payload;
    size_t size, whole;
} frame;

/// Read the frame at `data`; 0 when it is not all there yet.
static inline int read_frame(unsigned char *data, size_t have, frame *out) {
    if (have < 2) return 0;
    size_t size = data[1] & 127, at = 2;
    if (size == 126) {
        if (have < 4) return 0;
        size = (size_t)data[2] << 8 | data[3], at = 4;
    } else if (size == 127) {
        if (have < 10) return 0;
        size = 0;
        for (at = 2; at < 10; at++) size = size << 8 | data[at];
    }
    out->mask = data[1] & 128 ? data + at : NULL;
    at += out->mask ? 4 : 0;
    if (size > READ_BYTES) die("a frame of %zu bytes", size);
    if (have < at + size) return 0;
    *out = (frame){data[0] & 15, out->mask, data + at, size, at + size};
    return 1;
}

/// Take the mask off the bytes from `from` up to `to`.
static inline void unmask(frame *f, size_t from, size_t to) {
    for (size_t i = from; f->mask && i < to && i < f->size; i++) f->payload[i] ^= f->mask[i & 3];
}

/// Write a masked frame, as clients must, to `out` (which has room for `size` + 8 bytes); its length.
static inline size_t masked_frame(unsigned char *out, int opcode, const void *payload, size_t size) {
    static const unsigned char mask[4] = {0x5a, 0x13, 0xc7, 0x39};
    size_t at = 0;
    out[at++] = 128 | opcode;
    if (size < 126) out[at++] = 128 | size;
    else if (size < 65536) out[at++] = 128 | 126, out[at++] = size >> 8, out[at++] = size & 255;
    else die("a packet of %zu bytes", size);
    memcpy(out + at, mask, 4), at += 4;
    for (size_t i = 0; i < size; i++) out[at + i] = ((const unsigned char *)payload)[i] ^ mask[i & 3];
    return at + size;
}

static inline uint32_t read_number(FILE *file) {
    unsigned char b[4];
    if (fread(b, 1, 4, file) != 4) die("the plan ends too early");
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/// Length-prefixed bytes from a plan, with a zero byte behind them.
static inline char *read_bytes(FILE *file, size_t *size) {
    *size = read_number(file);
    if (*size > 1 << 20) die("the plan holds a packet of %zu bytes", *size);
    char *bytes = get_memory(NULL, *size + 1);
    if (fread(bytes, 1, *size, file) != *size) die("the plan ends too early");
    bytes[*size] = 0;
    return bytes;
}

static inline void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (core >= 0 && sched_setaffinity(0, sizeof set, &set)) die("cannot run on core %d: %s", core, strerror(errno));
}

static inline void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
}
#endif
