import { pathOf, type Link } from "./findings";

const PINGS = 6;
const PING_MS = 4000;
const RATE_MS = 6000; // a link of 40 kbit/s is told by what came until then
const UP_BYTES = 48 * 1024;
const GATHER_MS = 6000;
const PROBES = 40;
const PROBE_BYTES = 100;
const PROBE_EVERY_MS = 50;
const PROBE_WAIT_MS = 2500;

/** Measures the link with at most 150 KB: pings, 64 KB down, 48 KB up, and some 10 KB each way by a relay's UDP. */
export async function measureLink(servers: readonly RTCIceServer[], step: (what: string) => void): Promise<Link> {
  step("ping");
  const trip = await roundTrip();
  step("path");
  const kinds = await candidateKinds(servers);
  const loss = kinds.has("relay") ? await lossThroughRelay(servers) : null;
  step("down");
  const down = await rateDown();
  step("up");
  const up = await rateUp();
  return { path: pathOf(kinds, servers.length > 0), round_trip: trip, loss, down_bps: down, up_bps: up };
}

async function roundTrip(): Promise<number | null> {
  const trips: number[] = [];
  for (let at = 0; at < PINGS; at += 1) {
    const began = performance.now();
    try {
      await fetch("/check/ping", { cache: "no-store", signal: AbortSignal.timeout(PING_MS) });
      trips.push(performance.now() - began);
    } catch {
      // One that was lost says nothing of the others.
    }
  }
  trips.splice(0, trips.length > 1 ? 1 : 0); // the first one also opened the connection
  trips.sort((one, other) => one - other);
  const middle = trips[Math.floor(trips.length / 2)];
  return middle === undefined ? null : Math.round(middle);
}

/** The kinds of candidates that the browser finds within the time: host, srflx, relay. */
async function candidateKinds(servers: readonly RTCIceServer[]): Promise<ReadonlySet<string>> {
  const kinds = new Set<string>();
  const connection = new RTCPeerConnection({ iceServers: [...servers] });
  connection.createDataChannel("check");
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    connection.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate === null) {
        clearTimeout(timer);
        resolve();
      } else if (candidate.type) {
        kinds.add(candidate.type);
      }
    });
    void connection.setLocalDescription();
  });
  connection.close();
  return kinds;
}

/** Sends small messages through the relay and back to this page, without repeating lost ones; the share that is lost. */
async function lossThroughRelay(servers: readonly RTCIceServer[]): Promise<number | null> {
  const options: RTCConfiguration = { iceServers: [...servers], iceTransportPolicy: "relay" };
  const [here, there] = [new RTCPeerConnection(options), new RTCPeerConnection(options)];
  here.addEventListener("icecandidate", ({ candidate }) => void there.addIceCandidate(candidate ?? undefined));
  there.addEventListener("icecandidate", ({ candidate }) => void here.addIceCandidate(candidate ?? undefined));
  const channel = here.createDataChannel("loss", { ordered: false, maxRetransmits: 0 });
  let came = 0;
  there.addEventListener("datachannel", (event) => event.channel.addEventListener("message", () => (came += 1)));
  try {
    await here.setLocalDescription();
    await there.setRemoteDescription(here.localDescription ?? { type: "offer", sdp: "" });
    await there.setLocalDescription();
    await here.setRemoteDescription(there.localDescription ?? { type: "answer", sdp: "" });
    if (!(await opened(channel))) {
      return null;
    }
    for (let at = 0; at < PROBES; at += 1) {
      channel.send(new Uint8Array(PROBE_BYTES));
      await pause(PROBE_EVERY_MS);
    }
    await pause(PROBE_WAIT_MS);
    return Math.max(0, 1 - came / PROBES);
  } catch {
    return null;
  } finally {
    here.close();
    there.close();
  }
}

function opened(channel: RTCDataChannel): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), GATHER_MS);
    channel.addEventListener("open", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

async function rateDown(): Promise<number | null> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), RATE_MS);
  let [bytes, began] = [0, 0];
  try {
    const answer = await fetch("/check/bytes", { cache: "no-store", signal: stop.signal });
    const reader = answer.body?.getReader();
    began = performance.now();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      bytes += piece.value.byteLength;
    }
  } catch {
    // Out of time, or the link went: what came until then counts.
  } finally {
    clearTimeout(timer);
  }
  return rate(bytes, performance.now() - began);
}

/** By XMLHttpRequest: fetch does not tell how far an upload is. */
function rateUp(): Promise<number | null> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const began = performance.now();
    let sent = 0;
    request.timeout = RATE_MS;
    request.upload.addEventListener("progress", ({ loaded }) => (sent = loaded));
    request.addEventListener("loadend", () => {
      // The browser's own buffer takes the first bytes at once: only an answer says that all of them arrived.
      const arrived = request.status === 204 ? UP_BYTES : Math.max(0, sent - 16 * 1024);
      resolve(rate(arrived, performance.now() - began));
    });
    request.open("POST", "/check/bytes");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "");
    request.send(crypto.getRandomValues(new Uint8Array(UP_BYTES)));
  });
}

function rate(bytes: number, ms: number): number | null {
  return bytes === 0 || ms <= 0 ? null : Math.round((bytes * 8000) / ms);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
