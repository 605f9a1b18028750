"""What of a progressive JPEG an eighth of its size is made from.

Its scans send the lowest frequency of every block of 8 x 8 first, and then the others, component by component. At an
eighth, a component that is not subsampled needs the lowest alone; decoding the rest is most of the work.
"""

import re

_SOF2, _EOI, _SOS, _DRI = 0xC2, 0xD9, 0xDA, 0xDD
# In the data of a scan, 0xFF stands before 0 and the restart markers, or is a marker.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# A table with one code of one bit: "the next 16384 blocks, plus as many as 14 bits say, have nothing in this scan".
_TABLE = bytes([0xFF, 0xC4, 0, 20, 0x10, 1, *bytes(15), 0xE0])
_BLOCKS = 2**15 - 1
_RUN = "0" + 14 * "1"


def eighth(jpeg: bytes) -> bytes:
    """A JPEG that decodes to the same pixels at an eighth of its size; as it is, where nothing can be left out."""
    try:
        return _without_scans(jpeg)
    except (IndexError, ValueError, ZeroDivisionError):  # it is for the decoder to say what is wrong
        return jpeg


def _without_scans(jpeg: bytes) -> bytes:
    """IndexError, ValueError, ZeroDivisionError: the file is damaged, or has what this cannot do."""
    kept = [jpeg[:2]]
    whole: set[int] = set()  # the components that are not subsampled
    emptied: dict[int, None] = {}  # those of which scans are left out
    blocks = 0
    start = 2
    while True:
        if jpeg[start] != 0xFF:
            raise ValueError
        marker = jpeg[start + 1]
        if marker == _EOI:
            break
        segment = start + 4
        end = start + 2 + int.from_bytes(jpeg[start + 2 : segment])
        if marker == _SOF2:
            blocks, whole = _frame(jpeg[segment:end])
        elif marker == _DRI:
            raise ValueError  # the scans that are put in have no restart markers
        elif marker == _SOS:
            after = _AFTER_SCAN.search(jpeg, end)
            if after is None:
                raise ValueError
            end = after.end() - 2
            components, component, lowest = jpeg[segment], jpeg[segment + 1], jpeg[segment + 3]
            # Its first scan of other frequencies must begin at the first, or the decoder would guess.
            if components == 1 and component in whole and (lowest == 1 or (lowest > 1 and component in emptied)):
                emptied[component] = None
                start = end
                continue
        kept.append(jpeg[start:end])
        start = end
    # Were the frequencies unknown, the decoder would guess them; so they are all sent, as nothing.
    if emptied:
        kept.append(_TABLE)
        kept += (_empty_scan(component, blocks) for component in emptied)
    return b"".join([*kept, jpeg[start:]])


def _frame(header: bytes) -> tuple[int, set[int]]:
    """How many blocks a component has at the most, and which are decoded from their lowest frequency alone."""
    height, width = int.from_bytes(header[1:3]), int.from_bytes(header[3:5])
    components = [(header[i], header[i + 1] >> 4, header[i + 1] & 15) for i in range(6, 6 + 3 * header[5], 3)]
    across = max(horizontal for _, horizontal, _ in components)
    down = max(vertical for _, _, vertical in components)
    # A component that has half of the resolution or less, both ways, is decoded at two eighths, or more, instead.
    whole = {
        component
        for component, horizontal, vertical in components
        if across % (2 * horizontal) or down % (2 * vertical)
    }
    return -(-width // 8) * -(-height // 8), whole


def _empty_scan(component: int, blocks: int) -> bytes:
    header = bytes([0xFF, _SOS, 0, 8, 1, component, 0, 1, 63, 0])
    bits = _RUN * -(-blocks // _BLOCKS)
    bits += "1" * (-len(bits) % 8)
    return header + int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\x00")
