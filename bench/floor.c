// The floor: what fanning a message out costs when nothing is done but the system calls. One epoll loop that answers
// with prepared frames, hands each message to every member in one send(), and reads the acknowledgements.
//
//   floor CORE FRAMES [lose|double]    prints its port; ends when its standard input does
//
// FRAMES holds five WebSocket frames as our own server wrote them: the replies to `init`, a subscription and a send, the
// confirmation of a subscription, and a message's event. In replies the request's id takes the place of @@@…, in the
// event the message's number that of ########. What one turn of the loop received goes out in one write a member, so the
// floor is as low as a server with batches can get. `lose` and `double` make it treat the first member wrongly, to see
// that `load` finds it out.
#include "websocket.h"

enum { MAX_FD = 1 << 16, PART = 8192, OUTGOING = 1 << 20 };
enum { INIT, SUBSCRIBED, SENT, ESTABLISHED, EVENT, FRAMES };

typedef struct {
    char *bytes, *id, *tag;
    size_t size;
} canned;

typedef struct {
    int upgraded, member;
    size_t have;
    unsigned char part[PART];
} peer;

static canned frames[FRAMES];
static peer *peers[MAX_FD];
static int members[MAX_FD], member_count;
static char outgoing[OUTGOING];
static size_t outgoing_size;

static void load_frames(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) die("cannot read %s", path);
    for (int i = 0; i < FRAMES; i++) {
        canned *f = &frames[i];
        f->bytes = read_bytes(file, &f->size);
        f->id = memmem(f->bytes, f->size, "@@@@@@@@", 8);
        f->tag = memmem(f->bytes, f->size, "########", 8);
    }
    fclose(file);
    if (!frames[INIT].id || !frames[SUBSCRIBED].id || !frames[SENT].id || !frames[EVENT].tag) die("a mark is missing");
}

static void put(int fd, const char *bytes, size_t size) {
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent != (ssize_t)size) die("the kernel took %zd of %zu bytes", sent, size);
}

static void reply(int fd, int which, const unsigned char *id) {
    memcpy(frames[which].id, id, ID_BYTES);
    put(fd, frames[which].bytes, frames[which].size);
}

static void subscribe(int fd) {
    put(fd, frames[ESTABLISHED].bytes, frames[ESTABLISHED].size);
    if (!peers[fd]->member) members[member_count++] = fd;
    peers[fd]->member = 1;
}

/// A packet of a client. Only the first bytes of an acknowledgement are looked at.
static void packet(int fd, frame *f) {
    static const char ack[] = "TWILSOCK V3.0 115\r\n{\"id\":\"TM\",\"method\":\"reply\"";
    unmask(f, 0, sizeof ack - 1);
    if (f->size >= sizeof ack && !memcmp(f->payload, ack, sizeof ack - 1)) return;
    unmask(f, sizeof ack - 1, f->size);
    unsigned char *id = memmem(f->payload, f->size, "{\"id\":\"", 7), *tag;
    if (!id || id + 7 + ID_BYTES > f->payload + f->size) die("a packet without an id");
    id += 7;
    if (memmem(f->payload, f->size, "\"method\":\"init\"", 15)) return reply(fd, INIT, id);
    if (memmem(f->payload, f->size, "/v4/Subscriptions", 17)) return reply(fd, SUBSCRIBED, id), subscribe(fd);
    tag = memmem(f->payload, f->size, "{\"body\":\"m", 10);
    if (!tag || tag + 10 + TAG_BYTES > f->payload + f->size) die("not a message");
    if (outgoing_size + frames[EVENT].size > OUTGOING) die("too much in one turn");
    memcpy(frames[EVENT].tag, tag + 10, TAG_BYTES);
    memcpy(outgoing + outgoing_size, frames[EVENT].bytes, frames[EVENT].size);
    outgoing_size += frames[EVENT].size;
    reply(fd, SENT, id);
}

static void leave(int fd) {
    for (int i = 0; i < member_count; i++)
        if (members[i] == fd) members[i] = members[--member_count];
    free(peers[fd]);
    peers[fd] = NULL;
    close(fd);
}

static void receive(int fd) {
    static unsigned char data[PART + READ_BYTES];
    static const char accepted[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    peer *p = peers[fd];
    memcpy(data, p->part, p->have);
    ssize_t got = recv(fd, data + p->have, READ_BYTES, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return leave(fd);
    size_t have = p->have + got, at = 0;
    p->have = 0;
    if (!p->upgraded) {
        if (memmem(data, have, "\r\n\r\n", 4)) p->upgraded = 1, put(fd, accepted, sizeof accepted - 1);
        return;
    }
    for (frame f; read_frame(data + at, have - at, &f); at += f.whole) {
        if (f.opcode == CLOSE) return leave(fd);
        if (f.opcode == BINARY && f.mask) packet(fd, &f);
    }
    if (have - at > PART) die("a packet is too long");
    memcpy(p->part, data + at, p->have = have - at);
}

static int listen_on_a_free_port(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(fd, (void *)&address, size) || listen(fd, 4096) || getsockname(fd, (void *)&address, &size))
        die("cannot listen: %s", strerror(errno));
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void add(int poll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event)) die("epoll: %s", strerror(errno));
}

static void welcome(int poll, int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= MAX_FD) die("too many connections");
    no_delay(fd);
    peers[fd] = get_memory(NULL, sizeof(peer));
    memset(peers[fd], 0, sizeof(peer));
    add(poll, fd);
}

int main(int count, char **arguments) {
    if (count < 3) die("floor CORE FRAMES [lose|double]");
    int lose = count > 3 && !strcmp(arguments[3], "lose"), twice = count > 3 && !strcmp(arguments[3], "double");
    pin(atoi(arguments[1]));
    load_frames(arguments[2]);
    int poll = epoll_create1(0), listener = listen_on_a_free_port();
    add(poll, listener);
    add(poll, STDIN_FILENO);
    for (struct epoll_event events[512];;) {
        int ready = epoll_wait(poll, events, 512, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO) return 0;
            if (fd == listener) welcome(poll, listener);
            else receive(fd);
        }
        for (int i = lose; outgoing_size && i < member_count; i++) put(members[i], outgoing, outgoing_size);
        if (twice && outgoing_size) put(members[0], outgoing, outgoing_size);
        outgoing_size = 0;
    }
}
