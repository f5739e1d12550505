/* A stand-in for libnvidia-ml.so.1: what the driver would say comes from a directory that a test writes.
 *
 * $FAKENVML_DIR holds
 *   gpus        one card or MIG device a line, fields apart by tabs:
 *               uuid, name, total MiB, reserved MiB, bus id, utilisation %, temperature C, power mW, lag s, flags
 *               flags, apart by commas: lost, nohandle, noperm, unknown, nosupport, nomemory, nopids, hugepids,
 *               mig, migoff, parent=<uuid>, mode=<compute mode>, nopersist,
 *               ecc=<uncorrectable errors>, remap, remapfail, retire
 *   driver      words, apart by blanks: init=<error>, all=<error>, slow_ms=<n>, slow_in=<part of a function's name>,
 *               nomemory2 (no second version of the memory call), noprocs3 (no third version of the process calls)
 *   processes/  <uuid>.<pid>: "<MiB> <c|g|m|x> <start>": compute, graphics, MPS client, or a compute process of
 *               another PID namespace (never judged dead); start is field 22 of /proc/PID/stat, 0 for any
 *   dead/       markers of ours: when a process was first seen to be gone
 *   calls       every call is counted here if the file exists: one line with the function's name
 *
 * Every call reads afresh, so that a test changes the machine under a running program. Many processes may load it.
 * A handle of an earlier nvmlInit aborts the program: with the real driver such a handle may crash it too.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, FUNCTION_NOT_FOUND = 13, GPU_IS_LOST = 15,
    VERSION_MISMATCH = 25, UNKNOWN = 999
};

#define MIB 1048576ULL

/* The structs of nvml.h that nvidia-ml-py passes. */
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } Memory2;
typedef struct { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; } ProcessInfo;
typedef struct { unsigned gpu, memory; } Utilization;
typedef struct { char legacy[16]; unsigned domain, bus, device, device_id, subsystem; char bus_id[32]; } PciInfo;

static int sessions = 0;          /* nvmlInit less nvmlShutdown */
static unsigned generation = 0;   /* counts the sessions that were opened; part of a handle */
static char enumerated[MAX_CARDS][96]; /* uuids as nvmlInit found them; a handle is an index into it */
static int enumerated_count = 0;

/* ---- every call comes through here ---- */

/* Sleeps as long as the script says, and looks again every 5 ms: a test ends a hang by taking the word away. */
static void dawdle(const char *function) {
    char text[1024], part[256];
    for (int slept = 0;; slept += 5) {
        if (slurp("driver", text, sizeof text) < 0) return;
        if (word(text, "slow_in", ' ', part) && !strstr(function, part)) return;
        if (slept >= number(text, "slow_ms", 0)) return;
        usleep(5000);
    }
}

static void count_call(const char *function) {
    char path[4096], line[128];
    int fd = open(place(path, "calls"), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return;
    int length = snprintf(line, sizeof line, "%s\n", function);
    if (write(fd, line, length) != length) abort();
    close(fd);
}

static int enter(const char *function, int needs_session) {
    char text[1024];
    count_call(function);
    dawdle(function);
    if (slurp("driver", text, sizeof text) < 0) text[0] = 0;
    int all = number(text, "all", SUCCESS);
    if (all != SUCCESS) return all;
    if (!needs_session) return number(text, "init", SUCCESS);
    return sessions ? SUCCESS : UNINITIALIZED;
}

static void *handle_of(int index) { return (void *)(uintptr_t)(((uintptr_t)generation << 16) | (index + 1)); }

static int card_of(const char *function, void *handle, Card *card) {
    int ret = enter(function, 1);
    if (ret) return ret;
    uintptr_t bits = (uintptr_t)handle;
    int index = (int)(bits & 0xffff) - 1;
    if (bits >> 16 != generation || index < 0 || index >= enumerated_count) {
        fprintf(stderr, "fakenvml: %s was given a handle of an earlier session\n", function);
        abort();
    }
    if (!find_card(enumerated[index], card) || flag(card, "lost")) return GPU_IS_LOST;
    return flag(card, "unknown") ? UNKNOWN : SUCCESS;
}

static int optional_of(const char *function, void *handle, Card *card) {
    int ret = card_of(function, handle, card);
    return ret ? ret : flag(card, "nosupport") ? NOT_SUPPORTED : SUCCESS;
}

static int list_processes(const char *function, void *handle, unsigned *count, ProcessInfo *infos, char type) {
    Card card;
    Process seen[MAX_PIDS];
    unsigned long long mib;
    int ret = card_of(function, handle, &card);
    if (ret) return ret;
    if (strstr(function, "_v3") && scripted("noprocs3")) return FUNCTION_NOT_FOUND;
    unsigned found = 0, room = *count;
    int living = survey(&card, seen, &mib);
    for (int i = 0; i < living; i++) {
        if ((seen[i].type == 'x' ? 'c' : seen[i].type) != type) continue;
        if (found < room && infos) {
            unsigned long long bytes = seen[i].mib * MIB;
            if (flag(&card, "nopids")) bytes = ~0ULL;
            if (flag(&card, "hugepids")) bytes = 1ULL << 61;
            infos[found] = (ProcessInfo){seen[i].pid, bytes, ~0U, ~0U};
        }
        found++;
    }
    *count = found;
    return found > room || (found && !infos) ? INSUFFICIENT_SIZE : SUCCESS;
}

/* ---- the driver's own functions ---- */

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    int ret = enter("nvmlInitWithFlags", 0);
    if (ret) return ret;
    if (sessions++) return SUCCESS;
    static Card cards[MAX_CARDS];
    generation++;
    enumerated_count = read_cards(cards);
    for (int i = 0; i < enumerated_count; i++) strcpy(enumerated[i], cards[i].uuid);
    return SUCCESS;
}

int nvmlShutdown(void) {
    int ret = enter("nvmlShutdown", 1);
    if (sessions) sessions--;
    return ret;
}

const char *nvmlErrorString(int code) {
    static char text[32];
    snprintf(text, sizeof text, "error %d", code);
    return text;
}

int nvmlSystemGetDriverVersion(char *out, unsigned length) {
    int ret = enter("nvmlSystemGetDriverVersion", 1);
    if (!ret) snprintf(out, length, "999.01");
    return ret;
}

/* The place of the n-th card, MIG devices left out; -1 past the last. */
static int nth_card(unsigned wanted) {
    Card card;
    for (int i = 0; i < enumerated_count; i++) {
        if (find_card(enumerated[i], &card) && is_mig_device(&card)) continue;
        if (!wanted--) return i;
    }
    return -1;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    int ret = enter("nvmlDeviceGetCount_v2", 1);
    *count = 0;
    while (!ret && nth_card(*count) >= 0) ++*count;
    return ret;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    Card card;
    int ret = enter("nvmlDeviceGetHandleByIndex_v2", 1), at = nth_card(index);
    if (ret) return ret;
    if (at < 0) return INVALID_ARGUMENT;
    if (!find_card(enumerated[at], &card) || flag(&card, "nohandle")) return GPU_IS_LOST;
    if (flag(&card, "noperm")) return NO_PERMISSION;
    *handle = handle_of(at);
    return SUCCESS;
}

static int text_of(const char *function, void *handle, char *out, unsigned length, int name) {
    Card card;
    int ret = card_of(function, handle, &card);
    if (!ret) snprintf(out, length, "%s", name ? card.name : card.uuid);
    return ret;
}

int nvmlDeviceGetUUID(void *handle, char *out, unsigned length) {
    return text_of("nvmlDeviceGetUUID", handle, out, length, 0);
}

int nvmlDeviceGetName(void *handle, char *out, unsigned length) {
    return text_of("nvmlDeviceGetName", handle, out, length, 1);
}

int nvmlDeviceGetPciInfo_v3(void *handle, PciInfo *out) {
    Card card;
    int ret = card_of("nvmlDeviceGetPciInfo_v3", handle, &card);
    if (ret) return ret;
    memset(out, 0, sizeof *out);
    snprintf(out->bus_id, sizeof out->bus_id, "%s", card.bus);
    sscanf(card.bus, "%x:%x:%x", &out->domain, &out->bus, &out->device);
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(void *handle, Memory *out) {
    Card card;
    int ret = card_of("nvmlDeviceGetMemoryInfo", handle, &card);
    if (ret) return ret;
    if (flag(&card, "nomemory")) return NOT_SUPPORTED;
    out->total = card.total * MIB;
    out->used = (used_of(&card) + card.reserved) * MIB; /* the first version counts the driver's part as used */
    out->free = out->total - out->used;
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(void *handle, Memory2 *out) {
    Card card;
    int ret = card_of("nvmlDeviceGetMemoryInfo_v2", handle, &card);
    if (ret) return ret;
    if (scripted("nomemory2")) return FUNCTION_NOT_FOUND;
    if (out->version != (sizeof *out | 2U << 24)) return VERSION_MISMATCH;
    if (flag(&card, "nomemory")) return NOT_SUPPORTED;
    out->total = card.total * MIB;
    out->reserved = card.reserved * MIB;
    out->used = used_of(&card) * MIB;
    out->free = out->total - out->reserved - out->used;
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(void *handle, Utilization *out) {
    Card card;
    int ret = optional_of("nvmlDeviceGetUtilizationRates", handle, &card);
    if (!ret && is_mig_device(&card)) return NOT_SUPPORTED;
    if (!ret) *out = (Utilization){card.util, 0};
    return ret;
}

int nvmlDeviceGetTemperature(void *handle, unsigned sensor, unsigned *out) {
    Card card;
    (void)sensor;
    int ret = optional_of("nvmlDeviceGetTemperature", handle, &card);
    if (!ret) *out = card.temp;
    return ret;
}

int nvmlDeviceGetPowerUsage(void *handle, unsigned *out) {
    Card card;
    int ret = optional_of("nvmlDeviceGetPowerUsage", handle, &card);
    if (!ret) *out = card.power;
    return ret;
}

int nvmlDeviceGetComputeMode(void *handle, unsigned *out) {
    Card card;
    char value[256];
    int ret = optional_of("nvmlDeviceGetComputeMode", handle, &card);
    if (!ret) *out = word(card.flags, "mode", ',', value) ? (unsigned)atoi(value) : 0;
    return ret;
}

int nvmlDeviceGetPersistenceMode(void *handle, unsigned *out) {
    Card card;
    int ret = optional_of("nvmlDeviceGetPersistenceMode", handle, &card);
    if (!ret) *out = !flag(&card, "nopersist");
    return ret;
}

int nvmlDeviceGetTotalEccErrors(void *handle, unsigned type, unsigned counter, unsigned long long *out) {
    Card card;
    char value[256];
    int ret = optional_of("nvmlDeviceGetTotalEccErrors", handle, &card);
    if (ret) return ret;
    if (type != 1 || counter != 0 || !word(card.flags, "ecc", ',', value)) return NOT_SUPPORTED;
    *out = strtoull(value, NULL, 10);
    return SUCCESS;
}

int nvmlDeviceGetRemappedRows(void *handle, unsigned *corrected, unsigned *uncorrected, unsigned *pending, unsigned *failed) {
    Card card;
    int ret = optional_of("nvmlDeviceGetRemappedRows", handle, &card);
    if (ret) return ret;
    *pending = flag(&card, "remap");
    *failed = flag(&card, "remapfail");
    *corrected = 0;
    *uncorrected = *pending || *failed;
    return *uncorrected ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetRetiredPagesPendingStatus(void *handle, unsigned *out) {
    Card card;
    int ret = optional_of("nvmlDeviceGetRetiredPagesPendingStatus", handle, &card);
    if (!ret) *out = flag(&card, "retire");
    return ret;
}

#define PROCESSES(function, type) \
    int function(void *handle, unsigned *count, ProcessInfo *infos) { \
        return list_processes(#function, handle, count, infos, type); \
    }
PROCESSES(nvmlDeviceGetComputeRunningProcesses_v2, 'c')
PROCESSES(nvmlDeviceGetComputeRunningProcesses_v3, 'c')
PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v2, 'g')
PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v3, 'g')
PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v2, 'm')
PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v3, 'm')

/* ---- MIG ---- */

int nvmlDeviceGetMigMode(void *handle, unsigned *current, unsigned *pending) {
    Card card;
    int ret = card_of("nvmlDeviceGetMigMode", handle, &card);
    if (ret) return ret;
    if (!flag(&card, "mig") && !flag(&card, "migoff")) return NOT_SUPPORTED;
    *current = *pending = flag(&card, "mig");
    return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned *out) {
    Card card;
    int ret = card_of("nvmlDeviceGetMaxMigDeviceCount", handle, &card);
    *out = 7;
    return ret;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned index, void **out) {
    Card card, device;
    char parent[256];
    int ret = card_of("nvmlDeviceGetMigDeviceHandleByIndex", handle, &card);
    if (ret) return ret;
    for (int i = 0; i < enumerated_count; i++) {
        if (!find_card(enumerated[i], &device) || !word(device.flags, "parent", ',', parent)) continue;
        if (strcmp(parent, card.uuid)) continue;
        if (!index--) { *out = handle_of(i); return SUCCESS; }
    }
    return NOT_FOUND;
}
