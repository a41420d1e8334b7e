/* Two GPUs that are not there: as much of NVML as bench asks for, by the public interface of
 * nvml.h. NVML_STUB in the environment, read at each call, says what is out of order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS, UNINITIALIZED, INVALID, NOT_SUPPORTED, NO_PERMISSION,
       INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };

struct memory { unsigned long long total, free, used; };
struct utilization { unsigned gpu, memory; };
struct process { unsigned pid; unsigned long long used; unsigned gpu_instance, compute_instance; };

#define MIB (1ULL << 20)
#define UNKNOWN (~0ULL)

static const struct process running[2][2] = {
    {{4242, 512 * MIB, 0, 0}, {9999, 1024 * MIB, 0, 0}},
    {{4300, 64 * MIB, 0, 0}, {9998, 2048 * MIB, 0, 0}},
};
static int devices[2] = {0, 1};
static int users;
static unsigned long long spent[2] = {1000, 50};

static int is(const char *fault) {
    const char *set = getenv("NVML_STUB");
    return set && !strcmp(set, fault);
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    if (is("no driver")) return DRIVER_NOT_LOADED;
    users++;
    return SUCCESS;
}

int nvmlShutdown(void) {
    if (!users) return UNINITIALIZED;
    users--;
    return SUCCESS;
}

const char *nvmlErrorString(int code) {
    return code == DRIVER_NOT_LOADED ? "Driver Not Loaded" : code == GPU_IS_LOST ? "GPU is lost"
         : code == UNINITIALIZED ? "Uninitialized" : "Some error";
}

int nvmlSystemGetDriverVersion(char *text, unsigned length) {
    if (is("old library")) return NOT_SUPPORTED;
    snprintf(text, length, "570.86.15");
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    if (!users) return UNINITIALIZED;
    *count = is("no device") ? 0 : 2;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (index > 1) return INVALID;
    *device = &devices[index];
    return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *text, unsigned length) {
    snprintf(text, length, "Stub GPU %d", *(int *)device);
    return SUCCESS;
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned length) {
    if (is("no uuid")) return NOT_SUPPORTED;
    snprintf(text, length, "GPU-0000-%d", *(int *)device);
    return SUCCESS;
}

int nvmlDeviceGetPersistenceMode(void *device, unsigned *mode) {
    if (is("no persistence mode")) return NOT_SUPPORTED;
    *mode = *(int *)device == 0;
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(void *device, struct memory *info) {
    int index = *(int *)device;
    if (is("lost")) return GPU_IS_LOST;
    info->total = 8192 * MIB;
    info->used = running[index][0].used + running[index][1].used;
    info->free = info->total - info->used;
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(void *device, struct utilization *rates) {
    if (is("mig")) return NOT_SUPPORTED;
    rates->gpu = *(int *)device ? 12 : 37;
    rates->memory = 1;
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) {
    int index = *(int *)device;
    if (is("no energy on one") && index == 1) return NOT_SUPPORTED;
    *millijoules = spent[index];
    spent[index] += 500;
    return SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, struct process *list) {
    const struct process *mine = running[*(int *)device];
    if (is("no process list")) return NO_PERMISSION;
    if (*count < 2 || !list) {
        *count = 2;
        return INSUFFICIENT_SIZE;
    }
    *count = 2;
    memcpy(list, mine, 2 * sizeof *mine);
    if (is("memory of processes unknown")) list[0].used = UNKNOWN;
    if (is("memory of others unknown")) list[1].used = UNKNOWN;
    return SUCCESS;
}
