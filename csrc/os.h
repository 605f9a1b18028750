/* What the engine asks of an operating system: a mutex, a condition, a clock, a pause. The one file to port.
 *
 * POSIX threads, or Windows' slim locks. Waits are timed against a monotonic clock, so a change of the wall clock
 * neither shortens nor prolongs them; macOS has no such wait, but one relative to now serves as well. */
#ifndef TP_OS_H
#define TP_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define TP_CACHE_LINE 64

/* As a number of nanoseconds to wait for. */
#define TP_FOREVER UINT64_MAX

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef SRWLOCK tp_mutex;
typedef CONDITION_VARIABLE tp_condition;

static inline void tp_mutex_init(tp_mutex *mutex) { InitializeSRWLock(mutex); }
static inline void tp_mutex_lock(tp_mutex *mutex) { AcquireSRWLockExclusive(mutex); }
static inline bool tp_mutex_try(tp_mutex *mutex) { return TryAcquireSRWLockExclusive(mutex); }
static inline void tp_mutex_unlock(tp_mutex *mutex) { ReleaseSRWLockExclusive(mutex); }
static inline void tp_mutex_destroy(tp_mutex *mutex) { (void)mutex; }

static inline void tp_condition_init(tp_condition *condition) { InitializeConditionVariable(condition); }
static inline void tp_condition_signal(tp_condition *condition) { WakeConditionVariable(condition); }
static inline void tp_condition_broadcast(tp_condition *condition) { WakeAllConditionVariable(condition); }
static inline void tp_condition_destroy(tp_condition *condition) { (void)condition; }

static inline void tp_condition_wait(tp_condition *condition, tp_mutex *mutex) {
    SleepConditionVariableSRW(condition, mutex, INFINITE, 0);
}

static inline void tp_condition_wait_for(tp_condition *condition, tp_mutex *mutex, uint64_t nanoseconds) {
    uint64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    SleepConditionVariableSRW(condition, mutex, milliseconds < INFINITE ? (DWORD)milliseconds : INFINITE - 1, 0);
}

static inline uint64_t tp_now(void) {
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return (uint64_t)((double)ticks.QuadPart * 1e9 / (double)frequency.QuadPart);
}

static inline void tp_yield(void) { SwitchToThread(); }

static inline int tp_core(void) { return (int)GetCurrentProcessorNumber(); }

static inline uintptr_t tp_thread(void) { return GetCurrentThreadId(); }

/* Aligned to a cache line, with a size that is a multiple of one; NULL when there is no memory. */
static inline void *tp_allocate(size_t bytes) { return _aligned_malloc(bytes, TP_CACHE_LINE); }
static inline void tp_free(void *memory) { _aligned_free(memory); }

#else

#include <pthread.h>
#include <sched.h>
#include <time.h>

typedef pthread_mutex_t tp_mutex;
typedef pthread_cond_t tp_condition;

static inline void tp_mutex_init(tp_mutex *mutex) { pthread_mutex_init(mutex, NULL); }
static inline void tp_mutex_lock(tp_mutex *mutex) { pthread_mutex_lock(mutex); }
static inline bool tp_mutex_try(tp_mutex *mutex) { return pthread_mutex_trylock(mutex) == 0; }
static inline void tp_mutex_unlock(tp_mutex *mutex) { pthread_mutex_unlock(mutex); }
static inline void tp_mutex_destroy(tp_mutex *mutex) { pthread_mutex_destroy(mutex); }

static inline void tp_condition_init(tp_condition *condition) {
#if defined(__APPLE__)
    pthread_cond_init(condition, NULL);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

static inline void tp_condition_signal(tp_condition *condition) { pthread_cond_signal(condition); }
static inline void tp_condition_broadcast(tp_condition *condition) { pthread_cond_broadcast(condition); }
static inline void tp_condition_destroy(tp_condition *condition) { pthread_cond_destroy(condition); }

static inline void tp_condition_wait(tp_condition *condition, tp_mutex *mutex) { pthread_cond_wait(condition, mutex); }

static inline void tp_condition_wait_for(tp_condition *condition, tp_mutex *mutex, uint64_t nanoseconds) {
#if defined(__APPLE__)
    struct timespec span = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                            .tv_nsec = (long)(nanoseconds % 1000000000u)};
    pthread_cond_timedwait_relative_np(condition, mutex, &span);
#else
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    nanoseconds += (uint64_t)end.tv_nsec;
    end.tv_sec += (time_t)(nanoseconds / 1000000000u);
    end.tv_nsec = (long)(nanoseconds % 1000000000u);
    pthread_cond_timedwait(condition, mutex, &end);
#endif
}

static inline uint64_t tp_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void tp_yield(void) { sched_yield(); }

/* The core that runs this; a negative number where the system does not tell. */
#if defined(__linux__)
int sched_getcpu(void); /* which <sched.h> declares for _GNU_SOURCE only */
static inline int tp_core(void) { return sched_getcpu(); }
#else
static inline int tp_core(void) { return -1; }
#endif

/* Which of the threads that are there this is; never 0. */
static inline uintptr_t tp_thread(void) { return (uintptr_t)pthread_self(); }

static inline void *tp_allocate(size_t bytes) { return aligned_alloc(TP_CACHE_LINE, bytes); }
static inline void tp_free(void *memory) { free(memory); }

#endif

/* A wake-up costs 20-35 microseconds, a hand-over to a thread that spins about one; so spin for about as long as a
 * wake-up would take. */
#define TP_SPIN_NANOSECONDS 40000

/* How often a thread that waits, or runs a kernel, looks whether Ctrl-C was pressed. */
#define TP_SIGNAL_NANOSECONDS 50000000

/* Tells the core that this is a spin loop. */
static inline void tp_pause(void) {
#if defined(_MSC_VER)
    YieldProcessor();
#elif defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

/* In the race tests a call here now and then yields or spins, so that rare interleavings become common. */
#if defined(TP_RACE_TEST)
void tp_race_point(void);
#else
#define tp_race_point() ((void)0)
#endif

#endif
