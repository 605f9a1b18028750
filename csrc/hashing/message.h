/* One of many messages that are hashed in one call. */
#ifndef TP_MESSAGE_H
#define TP_MESSAGE_H

#include <stddef.h>

/* What is hashed, of any size and alignment, and where its digest goes. */
typedef struct tp_message {
    const void *data; /* without any bytes, it may be NULL */
    size_t size;
    void *digest;
} tp_message;

#endif
