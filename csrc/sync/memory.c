#include "memory.h"

#include <string.h>

#if defined(_WIN32)

static void *reserve(size_t size) { return VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS); }
static bool commit(void *start, size_t size) { return VirtualAlloc(start, size, MEM_COMMIT, PAGE_READWRITE) != NULL; }
static void give_back(void *start, size_t size) {
    (void)size;
    VirtualFree(start, 0, MEM_RELEASE);
}
static void *map(int file, size_t size) {
    (void)file, (void)size;
    return NULL;
}
static void close_file(int file) { (void)file; }

#else

#include <sys/mman.h>
#include <unistd.h>

static void *mapped(void *start) { return start == MAP_FAILED ? NULL : start; }

static void *reserve(size_t size) { return mapped(mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
static bool commit(void *start, size_t size) { return mprotect(start, size, PROT_READ | PROT_WRITE) == 0; }
static void give_back(void *start, size_t size) { munmap(start, size); }
static void *map(int file, size_t size) {
    return mapped(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
}
static void close_file(int file) { close(file); }

#endif

enum { HEAD = 2 * TP_CACHE_LINE };
_Static_assert(sizeof(tp_memory_head) <= HEAD, "the head has no room");

static void begin(tp_memory *memory, size_t maximum) {
    *memory = (tp_memory){.maximum = maximum, .reserved = maximum, .file = -1};
    memory->length = &memory->own_length;
}

static bool open_fixed(tp_memory *memory, size_t length) {
    if (length > SIZE_MAX / 2 - TP_CACHE_LINE) return false;
    memory->allocation = calloc(1, length + TP_CACHE_LINE);
    memory->start = (char *)(((uintptr_t)memory->allocation + TP_CACHE_LINE - 1) & ~(uintptr_t)(TP_CACHE_LINE - 1));
    return memory->allocation != NULL;
}

static bool open_growable(tp_memory *memory, size_t length) {
    while (!(memory->allocation = reserve(memory->reserved)) && memory->reserved / 2 >= length && memory->reserved > 1)
        memory->reserved /= 2;
    if (!memory->allocation) return false;
    memory->allocated = memory->reserved;
    memory->start = memory->allocation;
    if (length == 0 || commit(memory->start, length)) return true;
    give_back(memory->allocation, memory->allocated);
    memory->allocation = NULL;
    memory->allocated = 0;
    return false;
}

bool tp_memory_open(tp_memory *memory, size_t length, size_t maximum) {
    begin(memory, maximum);
    atomic_store(&memory->own_length, length);
    return length == maximum ? open_fixed(memory, length) : open_growable(memory, length);
}

size_t tp_memory_file_size(size_t maximum) { return maximum + HEAD; }

bool tp_memory_map(tp_memory *memory, int file, size_t maximum) {
    begin(memory, maximum);
    memory->allocation = map(file, tp_memory_file_size(maximum));
    if (!memory->allocation) return false;
    memory->allocated = tp_memory_file_size(maximum);
    atomic_store(&memory->file, file);
    memory->start = (char *)memory->allocation + HEAD;
    memory->length = &tp_memory_head_of(memory)->length;
    return true;
}

tp_memory_head *tp_memory_head_of(tp_memory *memory) { return memory->allocation; }

bool tp_memory_pin(tp_memory *memory) {
    intptr_t pins = atomic_load(&memory->pins);
    do {
        if (pins < 0) return false;
    } while (!atomic_compare_exchange_weak(&memory->pins, &pins, pins + 1));
    return true;
}

void tp_memory_unpin(tp_memory *memory) { atomic_fetch_sub(&memory->pins, 1); }

/* Not more than there is, whatever another process has written to the head. */
size_t tp_memory_length(tp_memory *memory) {
    uint64_t length = atomic_load(memory->length);
    return length < memory->maximum ? (size_t)length : memory->maximum;
}

tp_growth tp_memory_grow(tp_memory *memory, size_t length) {
    uint64_t before = atomic_load(memory->length);
    do {
        if (length < before) return TP_WOULD_SHRINK;
        if (length > memory->maximum) return TP_TOO_LARGE;
        if (length > memory->reserved) return TP_NO_ADDRESSES;
        /* A file has all of its size from the beginning, and memory where it was written to. */
        if (length > before && memory->length == &memory->own_length && !commit(memory->start, length))
            return TP_NO_MEMORY;
    } while (!atomic_compare_exchange_weak(memory->length, &before, length));
    return TP_GROWN;
}

intptr_t tp_memory_close(tp_memory *memory) {
    intptr_t pins = 0;
    atomic_compare_exchange_strong(&memory->pins, &pins, -1);
    return pins;
}

intptr_t tp_memory_move(tp_memory *source, tp_memory *target) {
    intptr_t pins = tp_memory_close(source);
    if (pins != 0) return pins;
    target->start = source->start;
    target->maximum = source->maximum;
    target->reserved = source->reserved;
    target->allocation = source->allocation;
    target->allocated = source->allocated;
    atomic_store(&target->own_length, atomic_load(&source->own_length));
    target->length = source->length == &source->own_length ? &target->own_length : source->length;
    atomic_store(&target->file, atomic_exchange(&source->file, -1));
    atomic_store(&target->pins, 0);
    return 0;
}

void tp_memory_free(tp_memory *memory) {
    tp_memory_unlink(memory);
    if (memory->allocated)
        give_back(memory->allocation, memory->allocated);
    else
        free(memory->allocation);
}

void tp_memory_unlink(tp_memory *memory) {
    int file = atomic_exchange(&memory->file, -1);
    if (file >= 0) close_file(file);
}
