#include "stream.h"

#if defined(_WIN32)

ptrdiff_t tp_stream_write(int stream, const tp_piece *pieces, size_t count, int file) { return TP_STREAM_BROKEN; }

ptrdiff_t tp_stream_read(int stream, void *bytes, size_t size, int files[TP_STREAM_FILES], size_t *count) {
    *count = 0;
    return TP_STREAM_BROKEN;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#if !defined(MSG_NOSIGNAL)
#define MSG_NOSIGNAL 0
#endif
#if !defined(MSG_CMSG_CLOEXEC)
#define MSG_CMSG_CLOEXEC 0
#endif

typedef union ancillary {
    char bytes[CMSG_SPACE(TP_STREAM_FILES * sizeof(int))];
    struct cmsghdr aligned;
} ancillary;

/* The system may be short of memory, or have too many files on their way, for a while. */
static ptrdiff_t failure(void) {
    bool is_busy =
        errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS;
    return is_busy ? TP_STREAM_BUSY : TP_STREAM_BROKEN;
}

ptrdiff_t tp_stream_write(int stream, const tp_piece *pieces, size_t count, int file) {
    struct iovec vector[TP_STREAM_PIECES];
    if (count > TP_STREAM_PIECES) count = TP_STREAM_PIECES;
    for (size_t i = 0; i < count; i++)
        vector[i] = (struct iovec){(void *)pieces[i].bytes, pieces[i].size};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
    ancillary beside;
    if (file >= 0) {
        memset(&beside, 0, sizeof beside);
        message.msg_control = beside.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof file);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof file);
        memcpy(CMSG_DATA(header), &file, sizeof file);
    }
    ptrdiff_t written;
    do
        written = sendmsg(stream, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (written < 0 && errno == EINTR);
    return written < 0 ? failure() : written;
}

static void take_files(struct msghdr *message, int files[TP_STREAM_FILES], size_t *count) {
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t size = header->cmsg_len - CMSG_LEN(0);
        for (size_t i = 0; i < size / sizeof(int) && *count < TP_STREAM_FILES; i++) {
            memcpy(&files[*count], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (!MSG_CMSG_CLOEXEC) fcntl(files[*count], F_SETFD, FD_CLOEXEC);
            ++*count;
        }
    }
}

ptrdiff_t tp_stream_read(int stream, void *bytes, size_t size, int files[TP_STREAM_FILES], size_t *count) {
    struct iovec vector = {bytes, size};
    ancillary beside;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = beside.bytes, .msg_controllen = sizeof beside.bytes};
    *count = 0;
    ptrdiff_t got;
    do
        got = recvmsg(stream, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return failure();
    take_files(&message, files, count);
    return got;
}

#endif
