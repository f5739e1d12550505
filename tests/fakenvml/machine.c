/* Reading the scripted machine. Every question reads its file afresh. */
#define _GNU_SOURCE
#include "machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *place(char *out, const char *name) {
    const char *root = getenv("FAKENVML_DIR");
    snprintf(out, 4096, "%s/%s", root ? root : "/nonexistent", name);
    return out;
}

int slurp(const char *name, char *out, size_t size) {
    char path[4096];
    int fd = open(place(path, name), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got, have = 0;
    while ((size_t)have < size - 1 && (got = read(fd, out + have, size - 1 - have)) > 0) have += got;
    close(fd);
    out[have] = 0;
    return (int)have;
}

const char *word(const char *text, const char *wanted, char between, char *out) {
    size_t length = strlen(wanted);
    for (const char *at = text; *at;) {
        size_t span = strcspn(at, between == ',' ? ",\n" : " \n");
        if (span >= length && !strncmp(at, wanted, length) && (span == length || at[length] == '=')) {
            size_t rest = span == length ? 0 : span - length - 1;
            memcpy(out, at + span - rest, rest);
            out[rest] = 0;
            return out;
        }
        at += span;
        if (*at) at++;
    }
    return NULL;
}

int flag(const Card *card, const char *wanted) {
    char value[256];
    return word(card->flags, wanted, ',', value) != NULL;
}

int read_cards(Card *cards) {
    char text[32768], *line, *rest = text;
    int count = 0;
    if (slurp("gpus", text, sizeof text) < 0) return 0;
    while ((line = strsep(&rest, "\n")) && count < MAX_CARDS) {
        Card *card = &cards[count];
        memset(card, 0, sizeof *card);
        int got = sscanf(line, "%95[^\t]\t%95[^\t]\t%llu\t%llu\t%31[^\t]\t%u\t%u\t%u\t%lf\t%255[^\t\n]", card->uuid,
                         card->name, &card->total, &card->reserved, card->bus, &card->util, &card->temp,
                         &card->power, &card->lag, card->flags);
        if (got >= 9) count++;
    }
    return count;
}

int is_mig_device(const Card *card) { return flag(card, "parent"); }

int find_card(const char *uuid, Card *out) {
    static __thread Card cards[MAX_CARDS];
    int count = read_cards(cards);
    for (int i = 0; i < count; i++)
        if (!strcmp(cards[i].uuid, uuid)) { *out = cards[i]; return 1; }
    return 0;
}

int number(const char *text, const char *wanted, int otherwise) {
    char value[256];
    return word(text, wanted, ' ', value) ? atoi(value) : otherwise;
}

int scripted(const char *wanted) {
    char text[1024], value[256];
    return slurp("driver", text, sizeof text) >= 0 && word(text, wanted, ' ', value) != NULL;
}

/* ---- processes ---- */

unsigned long long living_since(unsigned pid) {
    char path[64], text[1024], *at, state = 0;
    unsigned long long born = 0;
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = 0;
    at = strrchr(text, ')'); /* the command before it may hold anything */
    if (!at || sscanf(at + 2, "%c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                      &state, &born) != 2) return 0;
    return state == 'Z' || state == 'X' ? 0 : born;
}

static int alive(unsigned pid, unsigned long long start) {
    unsigned long long born = living_since(pid);
    return born && (!start || born == start);
}

/* Seconds since somebody first saw this process gone. */
static double dead_for(const char *name, unsigned long long start) {
    char marker[512], path[4096];
    struct stat found;
    struct timespec now;
    snprintf(marker, sizeof marker, "dead/%s.%llu", name, start);
    int fd = open(place(path, marker), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) { close(fd); return 0; }
    if (stat(path, &found)) return 1e9;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)(now.tv_sec - found.st_mtim.tv_sec) + (now.tv_nsec - found.st_mtim.tv_nsec) / 1e9;
}

int survey(const Card *card, Process *out, unsigned long long *mib) {
    char path[4096], text[128], relative[512];
    size_t length = strlen(card->uuid);
    int count = 0;
    *mib = 0;
    DIR *folder = opendir(place(path, "processes"));
    if (!folder) return 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        Process seen = {0};
        unsigned long long start = 0;
        if (strncmp(entry->d_name, card->uuid, length) || entry->d_name[length] != '.') continue;
        seen.pid = (unsigned)strtoul(entry->d_name + length + 1, NULL, 10);
        snprintf(relative, sizeof relative, "processes/%s", entry->d_name);
        if (slurp(relative, text, sizeof text) < 0) continue;
        if (sscanf(text, "%llu %c %llu", &seen.mib, &seen.type, &start) < 2) continue;
        if (seen.type == 'x' || alive(seen.pid, start)) {
            *mib += seen.mib;
            if (count < MAX_PIDS) out[count++] = seen;
        } else if (card->lag > 0 && dead_for(entry->d_name, start) < card->lag) {
            *mib += seen.mib;
        }
    }
    closedir(folder);
    return count;
}

unsigned long long used_of(const Card *card) {
    Process seen[MAX_PIDS];
    unsigned long long mib;
    survey(card, seen, &mib);
    return mib < card->total - card->reserved ? mib : card->total - card->reserved;
}
