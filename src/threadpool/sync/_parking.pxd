# The parking lot of csrc/sync, as far as Cython uses it.

from libc.stdint cimport uint64_t


cdef extern from "sync/parking.h":
    ctypedef struct tp_lot:
        pass

    ctypedef struct tp_mailbox:
        pass

    ctypedef struct tp_waiter:
        tp_waiter *next
        const void *address
        tp_mailbox *mailbox
        void *owner

    ctypedef enum tp_leaving:
        TP_LEFT_WAITING
        TP_LEFT_WOKEN
        TP_LEFT_FETCHED

    ctypedef struct tp_range:
        const char *start
        size_t size

    ctypedef enum tp_wait_result:
        TP_WAIT_OK
        TP_WAIT_NOT_EQUAL
        TP_WAIT_TIMED_OUT

    uint64_t TP_FOREVER
    tp_wait_result tp_lot_wait(tp_lot *lot, void *at, size_t width, uint64_t expected, uint64_t nanoseconds) nogil
    void tp_lot_exclude(tp_lot *lot, tp_range *range) nogil
    void tp_lot_include(tp_lot *lot, tp_range *range) nogil
    tp_leaving tp_lot_leave(tp_lot *lot, tp_waiter *waiter) nogil
    tp_leaving tp_lot_give_up(tp_lot *lot, tp_waiter *waiter) nogil
    size_t tp_lot_notify(tp_lot *lot, const void *at, size_t count) nogil
    void tp_mailbox_init(tp_mailbox *mailbox, int wakes) nogil
    void tp_mailbox_destroy(tp_mailbox *mailbox) nogil
    tp_waiter *tp_mailbox_fetch(tp_mailbox *mailbox) nogil
