/* The scripted machine: what the files of $FAKENVML_DIR say now. See fakenvml.c for their form. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>

#define MAX_CARDS 64
#define MAX_PIDS 256

typedef struct {
    char uuid[96], name[96], bus[32], flags[256];
    unsigned long long total, reserved; /* MiB */
    unsigned util, temp, power;
    double lag; /* seconds */
} Card;

typedef struct { unsigned pid; unsigned long long mib; char type; } Process;

/* The path of a file in the directory; `out` has room for 4096. */
const char *place(char *out, const char *name);
/* Reads a whole file of the directory as text; -1 when it is not there. */
int slurp(const char *name, char *out, size_t size);
/* The value of `wanted=<value>` among words apart by `between`; "" for the bare word; NULL without it. */
const char *word(const char *text, const char *wanted, char between, char *out);
/* Of the file `driver`: the number after a word, and whether a word is there. */
int number(const char *text, const char *wanted, int otherwise);
int scripted(const char *wanted);

int read_cards(Card *cards);
int find_card(const char *uuid, Card *out);
int flag(const Card *card, const char *wanted);
int is_mig_device(const Card *card);

/* Field 22 of /proc/PID/stat, 0 for a dead process. The driver frees memory before reaping: a zombie is dead. */
unsigned long long living_since(unsigned pid);
/* Fills `out` with the living processes of a card; adds up what counts as used in `mib`. */
int survey(const Card *card, Process *out, unsigned long long *mib);
unsigned long long used_of(const Card *card);

#endif
