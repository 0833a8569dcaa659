"""Packets and frames of a stream, in the decoder's output order, past what is damaged."""

from collections.abc import Iterator

import av


def packets(container, stream) -> Iterator[av.Packet]:
    """Packets until the file ends or breaks off, then the packet that empties the decoder."""
    source = container.demux(stream)
    while True:
        try:
            packet = next(source, None)
        except av.FFmpegError:  # the file breaks off here
            yield av.Packet()
            return
        if packet is None:
            return
        yield packet


def decoded(stream, source, damage: list[str] | None = None) -> Iterator[av.VideoFrame]:
    """Frames of the packets, in output order. A packet that is cut or cannot be decoded gives none."""
    for packet in source:
        if packet.is_corrupt:  # the file ends within it, so its picture would be made up below some line
            if damage is not None:
                damage.append("cut packet")
            continue
        try:
            frames = stream.codec_context.decode(packet if packet.size else None)
        except av.error.EOFError:
            return
        except av.FFmpegError as error:
            if damage is not None:
                damage.append(str(error))
            continue
        for frame in frames:
            if frame.is_corrupt:
                if damage is not None:
                    damage.append("corrupt frame")
                continue
            yield frame
