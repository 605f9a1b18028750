/* Assertions for the C tests: they hold in every build, and say where. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

/* ThreadSanitizer is slow, and sees something only where threads meet: its build leaves out what runs in one. */
#ifdef TP_THREADS_ONLY
enum { THREADS_ONLY = 1 };
#else
enum { THREADS_ONLY = 0 };
#endif

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                              \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
