// The members of rooms: one epoll loop with a real WebSocket connection for each.
//
//   load PORT SERVER_PID CORE PLAN
//
// PLAN (bench/plan.py writes it) holds each connection's room, the packets by which it comes in, and what it says. Each
// packet that the server pushes is acknowledged in a write of its own, as the SDK does. When all are in, this prints
// `ready`, then carries out commands from its standard input and prints a line of JSON for each:
//
//   round MESSAGES SENDERS SECONDS     the first SENDERS of those that may speak send, each the next one when its last
//                                      was answered and has reached the whole room; all must be there in SECONDS
//
// Every answer must be a success, and every member must get every message of its room once and in the same order as all
// the others: anything else ends this with an error. A round is over when, besides, every member was told of the room's
// new last message (`document_updated`), if the plan says that the server does so.
#include "websocket.h"

enum { SETUP_SECONDS = 60, CONNECTING = 32, MARKS = 4, MAX_MESSAGES = 1 << 16 };

typedef struct {
    char *bytes;
    size_t size;
    int confirmations; // subscriptions that the server must confirm
} step;

typedef struct {
    int fd, room, steps, at, replied, confirmed, upgraded;
    step *step;
    char *say; // what it sends: NULL if it only listens
    size_t say_size, mark[MARKS];
    int marks, message; // the number of its message under way, -1: none
    int received, document_due;
    unsigned char *in, *out;
    size_t have, room_in, waiting, room_out;
} member;

typedef struct {
    int size, count; // members; messages seen in this round
    int order[MAX_MESSAGES];
} room;

typedef struct {
    int sender, left; // who sent it; deliveries and the answer that are still to come
    int64_t began;
} message;

static member *members;
static room *rooms;
static message messages[MAX_MESSAGES];
static int member_count, room_count, documents, present, poll_fd, documents_due;
static int wanted, sent, done, base; // of the round; `base`: messages of the rounds before
static int64_t deliveries, document_count, reads, answer_ns, last_delivery;
static unsigned char ack[256];
static size_t ack_size;

static int64_t clock_ns(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t)) die("the server is gone");
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void watch(member *m, int events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = m};
    if (epoll_ctl(poll_fd, operation, m->fd, &event)) die("epoll: %s", strerror(errno));
}

static void put(member *m, const void *bytes, size_t size) {
    ssize_t written = 0;
    if (!m->waiting) {
        written = send(m->fd, bytes, size, MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN) die("cannot send: %s", strerror(errno));
        if (written < 0) written = 0;
        if ((size_t)written == size) return;
        watch(m, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    size -= written;
    if (m->waiting + size > m->room_out) m->out = get_memory(m->out, m->room_out = 2 * (m->waiting + size));
    memcpy(m->out + m->waiting, (const char *)bytes + written, size);
    m->waiting += size;
}

static void put_packet(member *m, int opcode, const void *packet, size_t size) {
    static unsigned char out[1 << 17];
    if (size + 8 > sizeof out) die("a packet of %zu bytes", size);
    put(m, out, masked_frame(out, opcode, packet, size));
}

static void flush(member *m) {
    ssize_t written = send(m->fd, m->out, m->waiting, MSG_NOSIGNAL);
    if (written < 0 && errno != EAGAIN) die("cannot send: %s", strerror(errno));
    if (written > 0) memmove(m->out, m->out + written, m->waiting -= written);
    if (!m->waiting) watch(m, EPOLLIN, EPOLL_CTL_MOD);
}

// --- coming in ---------------------------------------------------------------------------------------------------------

static void come_in(int port, member *m) {
    struct sockaddr_in address = {AF_INET, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
    char request[512];
    m->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(m->fd, (void *)&address, sizeof address)) die("cannot connect: %s", strerror(errno));
    no_delay(m->fd);
    watch(m, EPOLLIN, EPOLL_CTL_ADD);
    put(m, request, snprintf(request, sizeof request,
        "GET /v3/wsconnect HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", port));
}

static void next_step(member *m) {
    if (m->at < m->steps) put_packet(m, BINARY, m->step[m->at].bytes, m->step[m->at].size);
    else present++;
}

static void step_done(member *m) {
    step *s = &m->step[m->at];
    if (m->at >= m->steps || !m->replied || m->confirmed < s->confirmations) return;
    m->at++, m->replied = m->confirmed = 0;
    next_step(m);
}

// --- a round -----------------------------------------------------------------------------------------------------------

static void say(int sender) {
    member *m = &members[sender];
    char number[TAG_BYTES + 1];
    if (sent == wanted) return;
    m->message = sent++;
    snprintf(number, sizeof number, "%08d", base + m->message);
    for (int i = 0; i < m->marks; i++) memcpy(m->say + m->mark[i], number, TAG_BYTES);
    messages[m->message] = (message){sender, rooms[m->room].size + 1, clock_ns(CLOCK_MONOTONIC)};
    put_packet(m, BINARY, m->say, m->say_size);
}

static void one_less(int number) {
    message *m = &messages[number];
    if (--m->left < 0) die("message %d came too often", number);
    if (m->left) return;
    members[m->sender].message = -1;
    done++;
    say(m->sender);
}

/// A message that reached a member: it must be the one that all others of the room got in this place.
static void delivered(member *m, const char *payload, size_t size) {
    static const char before[] = "\"text\":\"m";
    const char *at = memmem(payload, size, before, sizeof before - 1);
    if (!at || at + sizeof before - 1 + TAG_BYTES > payload + size) die("a message without its number");
    int number = atoi(at + sizeof before - 1) - base;
    room *r = &rooms[m->room];
    if (number < 0 || number >= sent || members[messages[number].sender].room != m->room) die("a message of nobody");
    if (m->received == r->count) r->order[r->count++] = number;
    if (r->order[m->received++] != number) die("message %d is out of order", number);
    deliveries++;
    last_delivery = clock_ns(CLOCK_MONOTONIC);
    documents_due += documents && !m->document_due;
    m->document_due |= documents;
    one_less(number);
}

// --- packets -----------------------------------------------------------------------------------------------------------

static int starts(const char *bytes, size_t size, const char *with) {
    return size >= strlen(with) && !memcmp(bytes, with, strlen(with));
}

static void success(const char *header, size_t size, const char *name) {
    char text[64];
    snprintf(text, sizeof text, "\"%s\":{\"code\":2", name);
    if (!memmem(header, size, text, strlen(text))) die("refused: %.*s", (int)size, header);
}

static void reply(member *m, const char *header, size_t size) {
    success(header, size, "status");
    if (memmem(header, size, "\"http_status\"", 13)) success(header, size, "http_status");
    if (m->at < m->steps) m->replied = 1, step_done(m);
    else if (m->message < 0 || !memmem(header, size, m->say + m->mark[0], TAG_BYTES)) die("an answer to nothing");
    else answer_ns += clock_ns(CLOCK_MONOTONIC) - messages[m->message].began, one_less(m->message);
}

static void notification(member *m, const char *payload, size_t size) {
    if (starts(payload, size, "{\"event_type\":\"list_item_added\"")) delivered(m, payload, size);
    else if (starts(payload, size, "{\"event_type\":\"document_updated\"")) {
        document_count++;
        documents_due -= m->document_due;
        m->document_due = 0;
    } else if (starts(payload, size, "{\"event_type\":\"subscription_established\"")) {
        for (const char *p = payload; (p = memmem(p, payload + size - p, "\"completed\"", 11)); p++) m->confirmed++;
        step_done(m);
    } else if (!starts(payload, size, "{\"event_type\":\"map_item_updated\"")) die("not expected: %.*s", (int)size, payload);
}

static void packet(member *m, char *bytes, size_t size) {
    static const char magic[] = "TWILSOCK V3.0 ";
    if (!starts(bytes, size, magic)) die("not a packet");
    char *header = memmem(bytes, size, "\r\n", 2);
    size_t header_size = atoi(bytes + sizeof magic - 1);
    if (!header || (header += 2) + header_size + 2 > bytes + size) die("not a packet");
    char *payload = header + header_size + 2;
    if (starts(header, header_size, "{\"method\":\"reply\"")) return reply(m, header, header_size);
    put(m, ack, ack_size);
    notification(m, payload, bytes + size - payload);
}

static void receive(member *m) {
    static unsigned char data[READ_BYTES * 2];
    memcpy(data, m->in, m->have);
    ssize_t got = recv(m->fd, data + m->have, READ_BYTES, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die("the server closed a connection");
    reads++;
    size_t have = m->have + got, at = 0;
    if (!m->upgraded) {
        unsigned char *end = memmem(data, have, "\r\n\r\n", 4);
        if (end && !starts((char *)data, have, "HTTP/1.1 101")) die("no upgrade: %.*s", (int)have, data);
        if (end) m->upgraded = 1, at = end + 4 - data, next_step(m);
    }
    for (frame f; m->upgraded && read_frame(data + at, have - at, &f); at += f.whole) {
        if (f.opcode == CLOSE) die("the server said: %.*s", (int)f.size - 2, f.payload + 2);
        if (f.opcode == PING) put_packet(m, PONG, f.payload, f.size);
        if (f.opcode == BINARY) packet(m, (char *)f.payload, f.size);
    }
    m->have = have - at;
    if (m->have > m->room_in) m->in = get_memory(m->in, m->room_in = m->have);
    memcpy(m->in, data + at, m->have);
}

// --- the loop ----------------------------------------------------------------------------------------------------------

/// Take what there is, waiting for at most `milliseconds`; whether a command came.
static int turn(int milliseconds) {
    struct epoll_event events[512];
    int command = 0, ready = epoll_wait(poll_fd, events, 512, milliseconds);
    for (int i = 0; i < ready; i++) {
        member *m = events[i].data.ptr;
        if (!m) {
            command = 1;
            continue;
        }
        if (events[i].events & EPOLLOUT) flush(m);
        if (events[i].events & ~EPOLLOUT) receive(m);
    }
    return command;
}

static void carry_out(int count, int senders, int limit, clockid_t server) {
    if (count < 1 || count > MAX_MESSAGES || senders < 1) die("a round of %d messages, %d senders", count, senders);
    wanted = count, sent = done = 0;
    deliveries = document_count = reads = answer_ns = 0;
    for (int i = 0; i < member_count; i++) members[i].received = 0;
    for (int i = 0; i < room_count; i++) rooms[i].count = 0;
    int64_t began = clock_ns(CLOCK_MONOTONIC), server_cpu = clock_ns(server), own_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < member_count && senders; i++)
        if (members[i].say) say(i), senders--;
    while (done < wanted || documents_due) {
        turn(100);
        if (clock_ns(CLOCK_MONOTONIC) - began > limit * 1000000000LL) die("%d of %d arrived everywhere", done, wanted);
    }
    double seconds = (last_delivery - began) / 1e9, own = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_cpu) / 1e9;
    for (int64_t end = clock_ns(CLOCK_MONOTONIC) + 30000000; clock_ns(CLOCK_MONOTONIC) < end;) turn(10); // acks are read
    base += wanted;
    printf("{\"messages\":%d,\"deliveries\":%lld,\"documents\":%lld,\"reads\":%lld,\"seconds\":%.6f,"
           "\"server_cpu\":%.6f,\"client_cpu\":%.6f,\"answer_ms\":%.3f}\n",
           wanted, (long long)deliveries, (long long)document_count, (long long)reads, seconds,
           (clock_ns(server) - server_cpu) / 1e9, own, answer_ns / 1e6 / wanted);
    fflush(stdout);
}

static void load_member(FILE *plan, member *m) {
    m->room = read_number(plan), m->steps = read_number(plan), m->message = -1;
    if (m->room >= room_count) die("the plan has no room %d", m->room);
    rooms[m->room].size++;
    m->step = get_memory(NULL, m->steps * sizeof(step));
    for (int i = 0; i < m->steps; i++) {
        step *s = &m->step[i];
        s->bytes = read_bytes(plan, &s->size), s->confirmations = 0;
        for (const char *p = s->bytes; (p = strstr(p, "\"object_sid\"")); p++) s->confirmations++;
    }
    m->say = read_bytes(plan, &m->say_size);
    for (char *p = m->say; (p = strstr(p, "########")) && m->marks < MARKS; p += TAG_BYTES) m->mark[m->marks++] = p - m->say;
    if (!m->say_size) free(m->say), m->say = NULL;
}

static void load_plan(const char *path) {
    FILE *plan = fopen(path, "rb");
    if (!plan) die("cannot read %s", path);
    documents = read_number(plan), room_count = read_number(plan), member_count = read_number(plan);
    rooms = get_memory(NULL, room_count * sizeof(room));
    members = get_memory(NULL, member_count * sizeof(member));
    memset(rooms, 0, room_count * sizeof(room));
    memset(members, 0, member_count * sizeof(member));
    for (int i = 0; i < member_count; i++) load_member(plan, &members[i]);
    fclose(plan);
}

static void gather(int port) {
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    for (int opened = 0; present < member_count; turn(20)) {
        while (opened < member_count && opened - present < CONNECTING) come_in(port, &members[opened++]);
        if (clock_ns(CLOCK_MONOTONIC) - began > SETUP_SECONDS * 1000000000LL) die("%d of %d came in", present, member_count);
    }
    printf("ready\n");
    fflush(stdout);
}

int main(int argument_count, char **arguments) {
    static const char acknowledgement[] = "TWILSOCK V3.0 115\r\n{\"id\":\"TM\",\"method\":\"reply\",\"payload_type\":"
        "\"application/json\",\"status\":{\"code\":200,\"status\":\"OK\"},\"payload_size\":0}\r\n";
    if (argument_count != 5) die("load PORT SERVER_PID CORE PLAN");
    clockid_t server;
    if (clock_getcpuclockid(atoi(arguments[2]), &server)) die("no process %s", arguments[2]);
    pin(atoi(arguments[3]));
    ack_size = masked_frame(ack, BINARY, acknowledgement, sizeof acknowledgement - 1);
    load_plan(arguments[4]);
    poll_fd = epoll_create1(0);
    gather(atoi(arguments[1]));
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    for (char line[128];;) {
        if (!turn(1000)) continue;
        int count, senders, limit;
        if (!fgets(line, sizeof line, stdin)) return 0;
        if (sscanf(line, "round %d %d %d", &count, &senders, &limit) != 3) die("not a command: %s", line);
        carry_out(count, senders, limit, server);
    }
}
