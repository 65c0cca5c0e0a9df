import "./page.css";
import "../../../static/src/styles/stage.css";
import { type InstanceManifest, mountStage, type Participant, type StageHandle } from "../../../static/src/stage/stage";
import { parseManifest } from "../../../static/src/viewport/manifest";
import { TileDecoder } from "../../../static/src/viewport/tile_decoder";
import { TileStore } from "../../../static/src/viewport/tile_store";
import { Hub, type Link } from "./hub";
import { clipFrames, pixelSha256 } from "./lossless";

interface Person {
  readonly handle: StageHandle;
  readonly link: Link;
  readonly messages: string[];
  readonly shown: string[];
}

const PEOPLE: readonly Participant[] = [
  { participant_id: "a".repeat(32), name: "Dr Asha Rao", role: "treating_doctor", present: true },
  { participant_id: "b".repeat(32), name: "Dr Imran Qureshi", role: "specialist", present: true },
  { participant_id: "c".repeat(32), name: "Meena Kumari", role: "patient", present: true },
];

async function manifest(name: string): Promise<InstanceManifest> {
  const response = await fetch(`/pictures/${name}.json`);
  return parseManifest(await response.json());
}

/** Every stored value of an instance's lossless tiles, decoded as the product does; row by row, channel by channel. */
async function storedValues(name: string): Promise<number[]> {
  const found = await manifest(name);
  const tiles = found.renditions.tiles;
  if (!tiles) {
    return [];
  }
  const decoder = new TileDecoder();
  const sums = await new Promise<number[]>((resolve) => {
    const store = new TileStore({ manifest: found, tiles, decoder, changed: () => check() });
    const all = Array.from({ length: store.count }, (_, number) => number);
    const check = (): void => {
      if (store.share(all) === 1) {
        resolve(adlers(store, found));
      }
    };
    store.want(all);
  });
  decoder.close();
  return sums;
}

/** Adler-32 (RFC 1950) of each tile's stored values as little-endian 32-bit numbers. */
function adlers(store: TileStore, found: InstanceManifest): number[] {
  const { offset } = store.tiles.index;
  return Array.from({ length: store.count }, (_, number) => {
    const codes = store.codes(number) ?? new Uint8Array(0);
    const values = Int32Array.from(codes, (code) => (store.values ? (store.values[code] ?? 0) : code + offset));
    let [a, b] = [1, 0];
    for (const byte of new Uint8Array(values.buffer)) {
      a = (a + byte) % 65521;
      b = (b + a) % 65521;
    }
    return found.columns > 0 ? b * 65536 + a : 0;
  });
}

const hub = new Hub();
const query = new URLSearchParams(location.search);

function mount(index: number, readOnly = false): Person {
  const me = PEOPLE[index] ?? PEOPLE[0];
  if (!me) {
    throw new Error("nobody");
  }
  const section = document.createElement("section");
  document.body.append(section);
  const link = hub.join(me.participant_id);
  const [messages, shown]: [string[], string[]] = [[], []];
  const renderer = query.get("renderer");
  const handle = mountStage(section, {
    consultId: "d".repeat(32),
    me,
    transport: link,
    awareness: link.awareness,
    instances: () => [],
    loadManifest: manifest,
    readOnly,
    participants: () => PEOPLE,
    onShown: (instance, frame) => shown.push(`${instance}/${frame}`),
    onMessage: (sentence) => messages.push(sentence),
    store: { load: () => Promise.resolve([]), save: () => undefined },
    renderer: renderer === "webgl" || renderer === "canvas" ? renderer : "auto",
    withVideo: query.has("video"),
  });
  return { handle, link, messages, shown };
}

const people = (query.get("people") ?? "0").split(",").map((index) => mount(Number(index)));
Object.assign(window, { people, hub, storedValues, manifest, parseManifest, clipFrames, pixelSha256 });
