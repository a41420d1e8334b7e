/*
 * The subject of `bench selftest`: does exactly what its words say, and stamps when it did.
 *
 *   ready=MS          is ready so long after its first instruction (0)
 *   serve=HOW         http     listens on port 8080 from ready on, and answers with 200
 *                     early    listens earlier, and answers from ready on
 *                     refusing listens earlier, and answers with 503 until ready
 *                     log      writes the line "now ready", and listens to nobody
 *                     none     neither
 *   open=MS           listens so long after its first instruction, where it listens earlier (0)
 *   exit=CODE         ends with this code where it would have been ready
 *   cpu=MS,N          N threads use so much CPU each, before ready
 *   spike=BYTES,AT,MS,BY
 *                     holds so much memory for MS milliseconds, from AT milliseconds on and up to
 *                     BY more, as chance has it: not in step with whoever reads once a second
 *   grow              takes memory until it is killed, before ready
 *   write=BYTES       writes a file, has it on the disk, and reads it from there, before ready
 *   ask=NAME          asks the first name server for it, before ready
 *   connect=ADDRESS:PORT, send=ADDRESS:PORT
 *                     tries a TCP connection, sends a UDP datagram, before ready
 *   children=N, zombies=N, threads=N
 *                     has so many processes that wait, processes that nobody waited for, threads
 *   closed            closes stdout and stderr
 *   flood=BYTES       writes so much to stdout, as fast as it is taken
 *   term=HOW          on SIGTERM: `ignore`, or the milliseconds until it ends (0)
 *   again             starts itself anew first, to show what lies between exec and main
 *
 * Stamps are lines of /stamps/<host name>: NAME, nanoseconds of CLOCK_MONOTONIC, VALUE. Each is
 * written as it is taken, so that neither a kill nor a closed stdout loses any. That clock is the
 * host's own: engines give containers no time namespace.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef STAMPS
#define STAMPS "/stamps/"
#endif
#ifndef PORT
#define PORT 8080
#endif

enum { MIB = 1 << 20 };

static int stamps = -1;
static int64_t first_ns;
static volatile sig_atomic_t terminated;
static char **words;

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static void stamp_at(const char *name, int64_t at_ns, int64_t value)
{
    char line[96];
    int length = snprintf(line, sizeof line, "%s %lld %lld\n", name, (long long)at_ns,
                          (long long)value);
    if (write(stamps, line, length) != length)
        _exit(99);
}

static void stamp(const char *name, int64_t value) { stamp_at(name, now_ns(), value); }

static void fail(const char *what)
{
    stamp(what, errno);
    _exit(98);
}

static void finish(int code)
{
    stamp("last", clock_ns(CLOCK_PROCESS_CPUTIME_ID));
    _exit(code);
}

/* The value of the word KEY=VALUE, "" of the word KEY, NULL where there is neither. */
static const char *word(const char *key)
{
    size_t length = strlen(key);
    for (char **one = words; *one; one++)
        if (!strncmp(*one, key, length) && ((*one)[length] == '=' || !(*one)[length]))
            return *one + length + ((*one)[length] == '=');
    return NULL;
}

/* The number at `place` (0, 1, …) of a word's value, `otherwise` where there is none. */
static int64_t number(const char *key, int place, int64_t otherwise)
{
    const char *value = word(key);
    for (; value && place > 0; place--)
        value = (value = strchr(value, ',')) ? value + 1 : NULL;
    return value && *value ? atoll(value) : otherwise;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec t = {at_ns / 1000000000LL, at_ns % 1000000000LL};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR && !terminated)
        ;
}

static void in_thread(void *(*task)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, task, NULL))
        fail("thread");
}

/* -- output ------------------------------------------------------------------------------- */

static void say(const char *line)
{
    if (write(STDOUT_FILENO, line, strlen(line)) < 0)
        fail("output");
}

static void *flood(void *unused)
{
    static char block[65536];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = i % 128 == 127 ? '\n' : '.';
    int64_t written = 0, wanted = number("flood", 0, 0);
    while (written < wanted) {
        ssize_t taken = write(STDOUT_FILENO, block, sizeof block);
        if (taken < 0)
            fail("flood");
        written += taken;
    }
    stamp("flooded", written);
    return unused;
}

/* -- memory, CPU, disk -------------------------------------------------------------------- */

static int64_t own_status_bytes(const char *field)
{
    char line[256];
    long long kib = -1;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, field, strlen(field)))
            kib = atoll(line + strlen(field));
    if (status)
        fclose(status);
    return kib < 0 ? -1 : kib * 1024;
}

static void *spike(void *unused)
{
    size_t size = number("spike", 0, 0);
    int64_t chance_ns = now_ns() % (number("spike", 3, 0) * 1000000 + 1);
    sleep_until(first_ns + number("spike", 1, 0) * 1000000 + chance_ns);
    stamp("spike_base", own_status_bytes("RssAnon:"));
    stamp("spike_begin", size);
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    memset(memory, 1, size);
    stamp("spike_top", own_status_bytes("VmPTE:"));
    sleep_until(now_ns() + number("spike", 2, 0) * 1000000);
    munmap(memory, size);
    stamp("spike_end", size);
    return unused;
}

static void grow(void)
{
    for (int64_t size = MIB;; size += MIB) {
        char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            fail("mmap");
        memset(memory, 1, MIB);
        if (size % (16 * MIB) == 0)
            stamp("grown", size);
    }
}

static void *use_cpu(void *unused)
{
    int64_t wanted = number("cpu", 0, 0) * 1000000;
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < wanted)
        ;
    return unused;
}

static void use_cpus(void)
{
    pthread_t threads[64];
    int count = number("cpu", 1, 1);
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, use_cpu, NULL))
            fail("thread");
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void write_and_read(int64_t size)
{
    static char block[MIB];
    int file = open("/data", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    memset(block, 'x', sizeof block);
    for (int64_t done = 0; done < size; done += MIB)
        if (write(file, block, MIB) != MIB)
            fail("write");
    if (fsync(file) || posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED))
        fail("fsync");
    stamp("written", size);
    for (int64_t done = 0; done < size; done += MIB)
        if (pread(file, block, MIB, done) != MIB)
            fail("read");
    stamp("read", size);
}

/* -- processes and threads ---------------------------------------------------------------- */

static void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void have_company(void)
{
    for (int i = 0; i < number("children", 0, 0); i++)
        if (fork() == 0)
            wait_for_ever(NULL);
    for (int i = 0; i < number("zombies", 0, 0); i++)
        if (fork() == 0)
            _exit(0);
    for (int i = 0; i < number("threads", 0, 0); i++)
        in_thread(wait_for_ever);
}

/* -- network ------------------------------------------------------------------------------ */

static struct sockaddr_in address_in(const char *text)
{
    char host[64] = {0};
    const char *colon = strchr(text, ':');
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    memcpy(host, text, colon - text);
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

/* None waits for an answer: what counts is that it was tried. */
static void contact_outside(void)
{
    struct sockaddr_in to;
    if (word("ask")) {
        unsigned char query[512];
        res_init();
        int length = res_mkquery(QUERY, word("ask"), C_IN, T_A, NULL, 0, NULL, query, sizeof query);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        stamp("asked", sendto(fd, query, length, 0, (void *)&_res.nsaddr_list[0], sizeof to));
    }
    if (word("connect")) {
        to = address_in(word("connect"));
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        stamp("tried", connect(fd, (void *)&to, sizeof to) ? errno : 0);
    }
    if (word("send")) {
        to = address_in(word("send"));
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        stamp("sent", sendto(fd, "selftest", 8, 0, (void *)&to, sizeof to));
    }
}

static int listening(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (void *)&any, sizeof any) || listen(fd, 128))
        fail("listen");
    stamp("open", 0);
    return fd;
}

static void answer(int listener, bool ready)
{
    static bool answered;
    char request[2048];
    struct timeval patience = {.tv_sec = 1};
    const char *reply = ready ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                              : "HTTP/1.1 503 Not Yet\r\nContent-Length: 0\r\n"
                                "Connection: close\r\n\r\n";
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0)
        return;
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool sent = read(client, request, sizeof request) > 0 &&
                write(client, reply, strlen(reply)) == (ssize_t)strlen(reply);
    if (sent && ready && !answered) {
        stamp("answered", 0);
        answered = true;
    }
    close(client);
}

/* -- the life of it ----------------------------------------------------------------------- */

static void on_term(int number) { terminated = number; }

/* Answers whoever comes to `listener` (-1: nobody), until it is time or SIGTERM has come. */
static void attend(int listener, bool ready, int64_t until_ns)
{
    sigset_t none;
    struct pollfd poll = {.fd = listener, .events = POLLIN};
    sigemptyset(&none);
    while (!terminated) {
        int64_t left_ns = until_ns - now_ns();
        if (left_ns <= 0)
            return;
        struct timespec wait = {left_ns / 1000000000LL, left_ns % 1000000000LL};
        if (ppoll(&poll, 1, &wait, &none) > 0)
            answer(listener, ready);
    }
    stamp("term", 0);
    sleep_until(now_ns() + number("term", 0, 0) * 1000000);
    finish(0);
}

/* SIGTERM comes only where it is waited for, so that none is lost between a look and a wait. */
static void arrange_signals(void)
{
    sigset_t term;
    bool ignored = word("term") && !strcmp(word("term"), "ignore");
    struct sigaction action = {.sa_handler = ignored ? SIG_IGN : on_term};
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
}

int main(int count, char **arguments)
{
    first_ns = now_ns();
    int64_t cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    char path[4096] = STAMPS;
    words = arguments + 1;
    gethostname(path + strlen(path), 64);
    stamps = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (stamps < 0)
        return 97;
    if (count > 1 && !strcmp(arguments[count - 1], "again")) {
        arguments[count - 1] = NULL;
        stamp("exec", 0);
        execv("/proc/self/exe", arguments);
        fail("execv");
    }
    stamp_at("main", first_ns, cpu_ns);
    arrange_signals();
    if (word("closed")) {
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
    } else {
        stamp("output", 0);
        say("the subject begins\n");
    }
    if (word("flood"))
        in_thread(flood);
    if (word("spike"))
        in_thread(spike);
    have_company();
    contact_outside();
    if (word("write"))
        write_and_read(number("write", 0, 0));
    if (word("grow"))
        grow();
    if (word("cpu"))
        use_cpus();

    const char *serve = word("serve") ? word("serve") : "http";
    bool refusing = !strcmp(serve, "refusing"), early = refusing || !strcmp(serve, "early");
    int listener = -1;
    if (early) {
        attend(-1, false, first_ns + number("open", 0, 0) * 1000000);
        listener = listening();
    }
    attend(refusing ? listener : -1, false, first_ns + number("ready", 0, 0) * 1000000);
    if (word("exit"))
        finish(number("exit", 0, 0));
    if (!strcmp(serve, "http"))
        listener = listening();
    stamp("ready", clock_ns(CLOCK_PROCESS_CPUTIME_ID));
    if (!strcmp(serve, "log"))
        say("now ready\n");
    attend(listener, true, INT64_MAX);
}
