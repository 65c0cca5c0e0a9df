"""What arrives at the other side: samples that had to be made up, a tone that survives, decoded frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.browser.call.person import Person

# In place of the microphone: a tone that swells as a voice does, since Chromium's own beep is mostly silence.
TONE_HERTZ = 440
VOICE = """(() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const speak = () => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: TONE_HERTZ, type: 'sawtooth' });
    const rhythm = new OscillatorNode(context, { frequency: 3 });
    const loud = new GainNode(context, { gain: 0.25 });
    rhythm.connect(new GainNode(context, { gain: 0.15 })).connect(loud.gain);
    const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    tone.connect(loud).connect(out);
    tone.start();
    rhythm.start();
    return out.stream.getAudioTracks()[0];
  };
  navigator.mediaDevices.getUserMedia = async (asked) => {
    const picture = asked.video ? (await real({ video: asked.video })).getVideoTracks() : [];
    return new MediaStream([...(asked.audio ? [speak()] : []), ...picture]);
  };
})()""".replace("TONE_HERTZ", str(TONE_HERTZ))


@dataclass(frozen=True)
class Heard:
    """Running totals of what has arrived; their difference is a span of the call."""

    seconds: float
    samples: int
    concealed: int
    frames: int
    voice_bytes: int
    picture_bytes: int
    energy: float
    duration: float

    def since(self, before: Heard) -> dict[str, Any]:
        """In figures: share concealed, frames and kbit/s, and how loud (root mean square)."""
        seconds = self.seconds - before.seconds
        samples = self.samples - before.samples
        loud = (self.energy - before.energy) / max(self.duration - before.duration, 0.001)
        return {
            "seconds": round(seconds, 1),
            "concealed": round((self.concealed - before.concealed) / max(samples, 1), 4),
            "heard": round(samples / 48_000 / seconds, 2),
            "frames": self.frames - before.frames,
            "voice_kbps": round((self.voice_bytes - before.voice_bytes) * 8 / 1000 / seconds, 1),
            "picture_kbps": round((self.picture_bytes - before.picture_bytes) * 8 / 1000 / seconds, 1),
            "level": round(max(loud, 0) ** 0.5, 3),
        }


# Of so many looks at the spectrum of what is heard, in how many the tone stands out.
TONE = """(async () => {
  const stream = page.call.memberViews.find((one) => one.participantId === arg).stream;
  const context = new AudioContext();
  const ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  const source = context.createMediaStreamSource(new MediaStream(stream.getAudioTracks()));
  source.connect(ear);
  const bins = new Float32Array(ear.frequencyBinCount);
  const looks = 20;
  let found = 0;
  for (let look = 0; look < looks; look += 1) {
    await new Promise((done) => setTimeout(done, 200));
    ear.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    const hertz = (loudest * context.sampleRate) / ear.fftSize;
    found += bins[loudest] > -60 && Math.abs(hertz - TONE_HERTZ) < 25 ? 1 : 0;
  }
  await context.close();
  return found / looks;
})()""".replace("TONE_HERTZ", str(TONE_HERTZ))


def tone(person: Person, other: Person) -> float:
    """For four seconds: the share of moments in which the other's tone is what is heard most."""
    return float(person.do(TONE, other.name))


COUNT = """(async () => {
  const all = [];
  for (const one of page.connections) {
    if (one.connectionState !== 'closed') all.push(...(await one.getStats()).values());
  }
  const inbound = (kind) => all.filter((one) => one.type === 'inbound-rtp' && one.kind === kind);
  const sum = (kind, name) => inbound(kind).reduce((total, one) => total + (one[name] ?? 0), 0);
  return {
    seconds: performance.now() / 1000,
    samples: sum('audio', 'totalSamplesReceived'),
    concealed: sum('audio', 'concealedSamples') - sum('audio', 'silentConcealedSamples'),
    frames: sum('video', 'framesDecoded'),
    voice_bytes: sum('audio', 'bytesReceived') + sum('audio', 'headerBytesReceived'),
    picture_bytes: sum('video', 'bytesReceived') + sum('video', 'headerBytesReceived'),
    energy: sum('audio', 'totalAudioEnergy'),
    duration: sum('audio', 'totalSamplesDuration'),
  };
})()"""


def talking(enter: Callable[..., Person], **asked: str) -> tuple[Person, Person]:
    """asha in the village and bela in the city, each seeing and hearing the other."""
    asha, bela = enter("asha", **asked), enter("bela", **asked)
    for one in (asha, bela):
        one.join()
    for one, other in ((asha, bela), (bela, asha)):
        one.wait_in(other)
        one.sees(other)
    return asha, bela


def listen(person: Person) -> Heard:
    """The totals at this person's end now."""
    return Heard(**person.do(COUNT))
