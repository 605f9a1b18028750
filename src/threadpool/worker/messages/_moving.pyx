"""How a message is sent together with what changes its owner. Compiled, for the reason of `_inbox.pyx`."""

from threadpool.worker.messages.passing import Transfer


def send_moving(send, value, transfer, copy, forbidden, pack=None):
    """Returns ``send(message)``, with the message that `value` becomes, packed; after its error nothing has moved.

    An exception from elsewhere that comes when the message was sent to a thread is raised, and does not undo that.
    """
    things = Transfer(transfer, forbidden)
    message = things.prepare(value, copy)
    things.commit()
    try:
        result = send(message if pack is None else pack(message))
    except BaseException:
        things.undo()
        raise
    try:
        things.finish()
    except BaseException:
        things.finish()
        raise
    return result
