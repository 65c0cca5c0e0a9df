"""Tones, segments that hold them as a relay would have written them, and what is heard in a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np

from video.relay.segments import Segment

RATE = 48_000
FRAME = 960  # 20 ms
NTP_OF_1970 = 2_208_988_800


def opus(seconds: float, hertz: float) -> list[bytes]:
    """Packets of a tone, 20 ms each."""
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
    encoder.open()
    made: list[bytes] = []
    count = round(seconds * RATE / FRAME)
    for number in range(count + 8):
        samples = np.sin((np.arange(FRAME) + number * FRAME) * 2 * np.pi * hertz / RATE) * 6000
        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, number * FRAME
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return made[:count]


def segment(
    folder: Path,
    key: bytes,
    label: dict[str, Any],
    *,
    seconds: float,
    hertz: float,
    skew: float = 0.0,
    delay: float = 0.02,
) -> Path:
    """A voice in a sealed segment; its sender's wall clock is `skew` seconds wrong, its path takes `delay` seconds."""
    made = Segment(folder, key, {"rate": RATE, **label}, "audio", RATE)
    began = int(label["began"])
    for number, payload in enumerate(opus(seconds, hertz)):
        ticks = number * FRAME
        came = began + number * 20
        if number % 50 == 0:
            made.note({"rtp": ticks, "came": True, "at": came}, came)
            ntp = (came / 1000 - delay) + skew + NTP_OF_1970
            made.note({"rtp": ticks, "ntp": ntp, "at": came}, came)
        made.frame(payload, ticks, came, True)
    made.close()
    return folder / f"{label['segment']}.sealed"


def samples(data: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The sound of a file, mono, -1 to 1, 48 kHz."""
    container: Any = av.open(io.BytesIO(data))
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    parts = [part.to_ndarray().reshape(-1) for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float64) / 32768


def loudness(sound: np.ndarray[Any, np.dtype[np.float64]], hertz: float, start: float, end: float) -> float:
    """How strongly a tone stands in a stretch of sound, against everything else (0 to 1)."""
    part = sound[int(start * RATE) : int(end * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    around = np.abs(np.fft.rfftfreq(len(part), 1 / RATE) - hertz) < 30
    return float(spectrum[around].sum() / max(spectrum.sum(), 1e-9)) if np.abs(part).max() > 0.01 else 0.0
