/* A load that does not wait for the server: purchases of one centavo at fixed times.
 *
 * Each connection carries one request at a time. When a request is due and no connection is free, it
 * is not sent, and counted apart: a client that has no line left. With the rate 0 every connection
 * sends as soon as it is answered (closed loop), which finds out what the server can do.
 *
 * Arguments: PORT CONNECTIONS RATE SECONDS FIRST_ACCOUNT ACCOUNTS CORE OUTPUT SPREAD WAITING
 * SPREAD is how the accounts are used: "alike", or "zipf", the k-th most used with a share of 1/k.
 * WAITING is "spins": it never sleeps while the load lasts, so that its own waking up is not
 * measured, and needs a core of its own; or "sleeps" until a request is due or an answer came, and
 * before the first one until the server will have accepted all connections.
 * Writes "started NS" (CLOCK_MONOTONIC) to standard output when the load begins, and a record for
 * every request to OUTPUT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, REQUEST_BYTES = 512, ANSWER_BYTES = 1024, GRACE_S = 5, MS_NS = 1000000, ACCEPTING_US = 500000 };

/* What became of a request. 0, so that a record that nobody touched was never sent. */
enum { NOT_SENT, UNANSWERED, APPROVED, OVERLOADED, TOO_LATE, OTHER };

typedef struct {
    int64_t due_ns;      /* since the start, as all times here */
    int64_t written_ns;  /* just before the write */
    int64_t answered_ns; /* just after the answer was read whole */
    int64_t outcome;
} Record;

typedef struct {
    int socket;
    int64_t record; /* of the request under way, or -1 */
    size_t filled;
    char answer[ANSWER_BYTES];
} Connection;

static Connection *connections;
static int *idle; /* a ring: whoever was idle longest comes next */
static int idle_first, idle_count, connection_count;
static Record *records;
static int64_t record_count, record_room;
static int64_t start_ns;
static char request[REQUEST_BYTES];
static size_t request_bytes;
static char *account_digits;
static long first_account, accounts;
static int zipf;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void make_request(int port) {
    static const char *body =
        "{\"account\":\"0000000000\",\"totalAmount\":0.01,\"mcc\":\"5811\","
        "\"merchant\":\"PADARIA DO ZE               SAO PAULO BR\"}";
    int length = snprintf(request, sizeof request,
                          "POST /transactions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          port, strlen(body), body);
    request_bytes = (size_t)length;
    account_digits = strstr(request, "0000000000");
}

static void open_connection(int number, int port, int poll) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, opened = socket(AF_INET, SOCK_STREAM, 0);
    if (opened < 0 || connect(opened, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
    setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(opened, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)number};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, opened, &event) < 0) fail("epoll_ctl");
    connections[number] = (Connection){.socket = opened, .record = -1};
}

static Record *new_record(int64_t due_ns) {
    if (record_count == record_room) {
        record_room = record_room ? record_room * 2 : 1 << 20;
        records = realloc(records, (size_t)record_room * sizeof *records);
        if (!records) fail("realloc");
    }
    Record *record = &records[record_count++];
    *record = (Record){due_ns, 0, 0, NOT_SENT};
    return record;
}

static void send_one(int number, Record *record) {
    static uint64_t chance = 88172645463325252ULL;
    chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17; /* xorshift */
    long place = (long)(chance % (uint64_t)accounts);
    if (zipf) { /* as in transactions.lua: those that are used most are not neighbours */
        double share = (double)(chance >> 11) * 0x1p-53;
        place = ((long)pow((double)accounts + 1, share) - 1) * 611953 % accounts;
    }
    long account = first_account + place;
    for (int digit = 9; digit >= 0; digit--, account /= 10)
        account_digits[digit] = (char)('0' + account % 10);
    Connection *connection = &connections[number];
    connection->record = record - records;
    connection->filled = 0;
    record->written_ns = now_ns() - start_ns;
    record->outcome = UNANSWERED;
    if (write(connection->socket, request, request_bytes) != (ssize_t)request_bytes) fail("write");
}

static void send_due(int64_t due_ns) {
    Record *record = new_record(due_ns);
    if (idle_count == 0) return;
    int number = idle[idle_first];
    idle_first = (idle_first + 1) % connection_count;
    idle_count--;
    send_one(number, record);
}

static int outcome_of(const char *answer) {
    const char *reason = strstr(answer, "authorizer-reason: ");
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0) return OTHER;
    if (!reason) return strstr(answer, "{\"code\":\"00\"}") ? APPROVED : OTHER;
    reason += strlen("authorizer-reason: ");
    if (strncmp(reason, "approved\r", 9) == 0) return APPROVED;
    if (strncmp(reason, "overloaded\r", 11) == 0) return OVERLOADED;
    return strncmp(reason, "too_late\r", 9) == 0 ? TOO_LATE : OTHER;
}

/* Whether an answer is whole. All of them end in a flat JSON object. */
static int is_whole(const Connection *connection) {
    return connection->filled > 0 && connection->answer[connection->filled - 1] == '}' &&
           strstr(connection->answer, "\r\n\r\n{") != NULL;
}

static void read_answer(int number) {
    Connection *connection = &connections[number];
    size_t room = ANSWER_BYTES - 1 - connection->filled;
    ssize_t got = read(connection->socket, connection->answer + connection->filled, room);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 || connection->record < 0) {
        fprintf(stderr, "a connection was %s\n", got <= 0 ? "closed" : "answered without a request");
        exit(1);
    }
    connection->filled += (size_t)got;
    connection->answer[connection->filled] = 0;
    if (!is_whole(connection)) return;
    Record *record = &records[connection->record];
    record->answered_ns = now_ns() - start_ns;
    record->outcome = outcome_of(connection->answer);
    connection->record = -1;
    idle[(idle_first + idle_count++) % connection_count] = number;
}

static struct timespec time_until(int64_t when_ns) {
    int64_t left = when_ns - (now_ns() - start_ns);
    if (left < 0) left = 0;
    return (struct timespec){left / 1000000000, left % 1000000000};
}

static void write_records(const char *path) {
    FILE *output = fopen(path, "wb");
    if (!output) fail(path);
    if (fwrite(records, sizeof *records, (size_t)record_count, output) != (size_t)record_count)
        fail(path);
    if (fclose(output)) fail(path);
}

int main(int count, char **arguments) {
    if (count != 11) {
        fprintf(stderr, "PORT CONNECTIONS RATE SECONDS FIRST_ACCOUNT ACCOUNTS CORE OUTPUT "
                        "alike|zipf spins|sleeps\n");
        return 2;
    }
    int port = atoi(arguments[1]);
    connection_count = atoi(arguments[2]);
    double rate = atof(arguments[3]), seconds = atof(arguments[4]);
    first_account = atol(arguments[5]), accounts = atol(arguments[6]);
    int core = atoi(arguments[7]);
    zipf = strcmp(arguments[9], "zipf") == 0;
    int sleeps = strcmp(arguments[10], "sleeps") == 0;
    prctl(PR_SET_TIMERSLACK, 1UL);

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (core >= 0) {
        cpu_set_t cores;
        CPU_ZERO(&cores);
        CPU_SET(core, &cores);
        if (sched_setaffinity(0, sizeof cores, &cores) < 0) fail("sched_setaffinity");
    }
    connections = calloc((size_t)connection_count, sizeof *connections);
    idle = calloc((size_t)connection_count, sizeof *idle);
    int poll = epoll_create1(0);
    if (!connections || !idle || poll < 0) fail("start");
    make_request(port);
    for (int number = 0; number < connection_count; number++) {
        open_connection(number, port, poll);
        idle[number] = number;
    }
    idle_count = connection_count;

    if (sleeps) usleep(ACCEPTING_US);
    start_ns = now_ns();
    printf("started %lld\n", (long long)start_ns);
    fflush(stdout);
    int64_t end_ns = (int64_t)(seconds * 1e9), now = 0;
    double gap_ns = rate > 0 ? 1e9 / rate : 0, due_ns = 0;
    while (now < end_ns + GRACE_S * 1000000000LL) {
        now = now_ns() - start_ns;
        if (rate > 0)
            for (; due_ns <= (double)now && due_ns < (double)end_ns; due_ns += gap_ns)
                send_due((int64_t)due_ns);
        else
            while (idle_count > 0 && now < end_ns) send_due(now);
        /* Not before: what was due while this stood still counts, too. */
        if (now >= end_ns && idle_count == connection_count) break;
        struct epoll_event ready[EVENTS];
        struct timespec rest = {0, 0};
        if (sleeps) rest = time_until(now < end_ns ? (rate > 0 ? (int64_t)due_ns : end_ns) : now + MS_NS);
        int found = epoll_pwait2(poll, ready, EVENTS, &rest, NULL);
        for (int number = 0; number < found; number++) read_answer((int)ready[number].data.u32);
    }
    write_records(arguments[8]);
    return 0;
}
