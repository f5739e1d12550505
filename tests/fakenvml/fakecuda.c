/* Not the driver: what a (fake) CUDA program does with it. For tests/faketrain.py. */
#define _GNU_SOURCE
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int by_bus(const void *left, const void *right) {
    return strcmp(((const Card *)left)->bus, ((const Card *)right)->bus);
}

/* The uuid of a card named as in CUDA_VISIBLE_DEVICES: an index in PCI bus order, or a uuid. 0, or -1. */
int fakenvml_resolve(const char *name, char *uuid) {
    static Card cards[MAX_CARDS];
    Card found;
    if (find_card(name, &found)) { strcpy(uuid, found.uuid); return 0; }
    char *end;
    long index = strtol(name, &end, 10);
    if (*end || end == name) return -1;
    int count = read_cards(cards), physical = 0;
    for (int i = 0; i < count; i++)
        if (!is_mig_device(&cards[i])) cards[physical++] = cards[i];
    qsort(cards, physical, sizeof *cards, by_bus);
    if (index < 0 || index >= physical) return -1;
    strcpy(uuid, cards[index].uuid);
    return 0;
}

/* Takes memory for this process, all or nothing. 0; 1 when it does not fit (total and free in MiB); -1 on error. */
int fakenvml_take(const char *uuid, unsigned long long mib, unsigned long long *total, unsigned long long *left) {
    Card card;
    char path[4096], name[256], line[64];
    int lock = open(place(path, "."), O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = -1;
    if (lock < 0 || flock(lock, LOCK_EX) || !find_card(uuid, &card)) goto out;
    *total = card.total;
    *left = card.total - card.reserved - used_of(&card);
    ret = mib > *left;
    if (ret) goto out;
    snprintf(name, sizeof name, "processes/%s.%d", uuid, (int)getpid());
    int fd = open(place(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int length = snprintf(line, sizeof line, "%llu c %llu\n", mib, living_since((unsigned)getpid()));
    if (fd < 0 || write(fd, line, length) != length) ret = -1;
    if (fd >= 0) close(fd);
out:
    if (lock >= 0) close(lock);
    return ret;
}

/* Gives this process's memory back as an orderly exit does: at once, unless the card's driver takes its time. */
void fakenvml_release(const char *uuid) {
    Card card;
    char path[4096], name[256];
    if (find_card(uuid, &card) && card.lag > 0) return;
    snprintf(name, sizeof name, "processes/%s.%d", uuid, (int)getpid());
    unlink(place(path, name));
}
