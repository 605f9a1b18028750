/* A stream to another process: bytes in their order, whatever the pieces, files with the first of them, and its end. */
#include "check.h"
#include "worker/stream.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2], files[TP_STREAM_FILES];
static size_t count;

static void open_stream(void) { CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }

static void close_stream(void) {
    close(ends[0]);
    close(ends[1]);
}

static void test_pieces_arrive_in_their_order(void) {
    char read[16];
    open_stream();
    tp_piece pieces[] = {{"one", 3}, {"", 0}, {"two", 3}};
    CHECK(tp_stream_write(ends[0], pieces, 3, -1) == 6);
    CHECK(tp_stream_read(ends[1], read, 4, files, &count) == 4 && !memcmp(read, "onet", 4));
    CHECK(tp_stream_read(ends[1], read, sizeof read, files, &count) == 2 && !memcmp(read, "wo", 2));
    CHECK(count == 0 && tp_stream_read(ends[1], read, sizeof read, files, &count) == TP_STREAM_BUSY);
    close_stream();
}

static void test_more_pieces_than_fit_are_written_in_part(void) {
    enum { MANY = TP_STREAM_PIECES + 3 };
    tp_piece pieces[MANY];
    for (size_t i = 0; i < MANY; i++)
        pieces[i] = (tp_piece){"x", 1};
    open_stream();
    CHECK(tp_stream_write(ends[0], pieces, MANY, -1) == TP_STREAM_PIECES);
    close_stream();
}

static void test_a_full_stream_is_busy(void) {
    static char bytes[1 << 16];
    tp_piece piece = {bytes, sizeof bytes};
    open_stream();
    ptrdiff_t written, total = 0, got;
    while ((written = tp_stream_write(ends[0], &piece, 1, -1)) > 0)
        total += written;
    CHECK(written == TP_STREAM_BUSY && total > 0);
    while ((got = tp_stream_read(ends[1], bytes, sizeof bytes, files, &count)) > 0)
        total -= got;
    CHECK(got == TP_STREAM_BUSY && total == 0);
    close_stream();
}

static void test_files_come_with_their_bytes(void) {
    char bytes[16];
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    open_stream();
    for (int i = 0; i < 3; i++)
        CHECK(tp_stream_write(ends[0], &(tp_piece){"file", 4}, 1, pipes[1]) == 4);
    for (int i = 0; i < 3; i++) {
        CHECK(tp_stream_read(ends[1], bytes, 4, files, &count) == 4 && count == 1);
        CHECK(files[0] != pipes[1] && (fcntl(files[0], F_GETFD) & FD_CLOEXEC));
        CHECK(write(files[0], "x", 1) == 1);
        close(files[0]);
    }
    close(pipes[1]);
    CHECK(tp_stream_read(ends[1], bytes, sizeof bytes, files, &count) == TP_STREAM_BUSY);
    CHECK(read(pipes[0], bytes, sizeof bytes) == 3);
    close(pipes[0]);
    close_stream();
}

static void test_the_end(void) {
    char byte;
    open_stream();
    CHECK(tp_stream_write(ends[0], &(tp_piece){"x", 1}, 1, -1) == 1);
    close(ends[0]);
    CHECK(tp_stream_read(ends[1], &byte, 1, files, &count) == 1);
    CHECK(tp_stream_read(ends[1], &byte, 1, files, &count) == 0);
    CHECK(tp_stream_write(ends[1], &(tp_piece){"x", 1}, 1, -1) == TP_STREAM_BROKEN); /* and no signal */
    close(ends[1]);
    CHECK(tp_stream_read(-1, &byte, 1, files, &count) == TP_STREAM_BROKEN && count == 0);
}

int main(void) {
    test_pieces_arrive_in_their_order();
    test_more_pieces_than_fit_are_written_in_part();
    test_a_full_stream_is_busy();
    test_files_come_with_their_bytes();
    test_the_end();
    puts("5 passed, 0 failed");
    return 0;
}
