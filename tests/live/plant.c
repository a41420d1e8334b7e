/* Tries to reach what its arguments name, in this order, and becomes the program after `--`:

     plant ask:NAME tcp:ADDRESS:PORT udp:ADDRESS:PORT ping:ADDRESS resolve:NAME … -- PROGRAM …

   Nothing is waited for but `resolve`, which asks the C library, and `need`, a TCP connection
   without which it ends with code 9. An address in brackets is IPv6; a name is looked up. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_storage where(char *text, socklen_t *size) {
    struct sockaddr_storage found = {0};
    char *colon = strrchr(text, ':');
    char *host = text;
    *colon = 0;
    if (text[0] == '[') {
        host = text + 1;
        host[strlen(host) - 1] = 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (getaddrinfo(host, colon + 1, &hints, &list) == 0 && list) {
        memcpy(&found, list->ai_addr, list->ai_addrlen);
        *size = list->ai_addrlen;
        freeaddrinfo(list);
    }
    return found;
}

static int reach(char *text, int type, int wait) {
    socklen_t size = 0;
    struct sockaddr_storage to = where(text, &size);
    int one = socket(to.ss_family, type | (wait ? 0 : SOCK_NONBLOCK), 0);
    int failed = connect(one, (struct sockaddr *)&to, size);
    if (type == SOCK_DGRAM) send(one, "telemetry", 9, 0);
    return failed;
}

static void ping(char *address) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    inet_pton(AF_INET, address, &to.sin_addr);
    unsigned char echo[8] = {8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
    int one = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    sendto(one, echo, sizeof echo, 0, (struct sockaddr *)&to, sizeof to);
}

/* One question of type A to the first name server, whose answer nobody reads. */
static void ask(char *name) {
    char line[256], server[64] = "";
    FILE *file = fopen("/etc/resolv.conf", "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "nameserver %63s", server) != 1) {
    }
    unsigned char data[300] = {0x12, 0x34, 1, 0, 0, 1};
    size_t at = 12;
    for (char *label = strtok(name, "."); label; label = strtok(NULL, ".")) {
        data[at++] = strlen(label);
        memcpy(data + at, label, strlen(label));
        at += strlen(label);
    }
    unsigned char end[5] = {0, 0, 1, 0, 1};
    memcpy(data + at, end, sizeof end);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, server, &to.sin_addr);
    int one = socket(AF_INET, SOCK_DGRAM, 0);
    sendto(one, data, at + sizeof end, 0, (struct sockaddr *)&to, sizeof to);
}

int main(int count, char **words) {
    for (int number = 1; number < count; number++) {
        char *word = words[number], *rest = strchr(word, ':');
        if (strcmp(word, "--") == 0) {
            execvp(words[number + 1], words + number + 1);
            return 127;
        }
        *rest++ = 0;
        if (strcmp(word, "ask") == 0) ask(rest);
        else if (strcmp(word, "tcp") == 0) reach(rest, SOCK_STREAM, 0);
        else if (strcmp(word, "udp") == 0) reach(rest, SOCK_DGRAM, 0);
        else if (strcmp(word, "ping") == 0) ping(rest);
        else if (strcmp(word, "resolve") == 0) gethostbyname(rest);
        else if (strcmp(word, "need") == 0 && reach(rest, SOCK_STREAM, 1)) {
            fprintf(stderr, "needed: %s\n", strerror(errno));
            return 9;
        }
    }
    return 0;
}
