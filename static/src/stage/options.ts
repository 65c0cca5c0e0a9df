import type { RendererChoice } from "../viewport/choose_renderer";
import type { InstanceManifest } from "../viewport/manifest";
import type { AwarenessChannel } from "./presence";
import type { Annotation, KeyImage } from "./schema";
import type { StageTransport } from "./transport";
import type { UnsentStore } from "./unsent";

export interface Me {
  readonly participant_id: string;
  readonly name: string;
  readonly role: string;
}

export interface Participant extends Me {
  readonly present: boolean;
}

/** What a message of the stage is about: `info` passes, `warning` wants attention. */
export type MessageKind = "info" | "warning";

export interface StageOptions {
  readonly consultId: string;
  readonly me: Me;
  readonly transport: StageTransport;
  readonly awareness: AwarenessChannel;
  /** The instances that the page knows already. */
  readonly instances: () => readonly InstanceManifest[];
  readonly loadManifest: (id: string) => Promise<InstanceManifest>;
  /** A consult that has ended: everything can be looked at, nothing shown to others or drawn. */
  readonly readOnly: boolean;
  readonly onShown: (instanceId: string, frame: number) => void;
  readonly onMessage: (sentence: string, kind: MessageKind) => void;
  /** The server's time in ms; this machine's where it is not given. */
  readonly serverNow?: () => number;
  /** Everyone in the room: for names, and to whom showing can be handed over. */
  readonly participants?: () => readonly Participant[];
  /** What the empty stage says, where the page knows better. */
  readonly emptyWords?: string;
  /** Asks how long a ruler under a line (x, y in turn, image px) is; missing where nobody may say. */
  readonly calibrate?: (instance: InstanceManifest, points: readonly number[]) => void;
  readonly renderer?: RendererChoice;
  readonly withVideo?: boolean;
  readonly store?: UnsentStore;
}

export type StageStatus = "connecting" | "up" | "down";

export interface StageHandle {
  /** Shows an instance: to everyone who follows if this person shows or nobody does, else to oneself. */
  show(instanceId: string, frame?: number): Promise<void>;
  takePresenter(): void;
  handOver(participantId: string): void;
  followPresenter(on: boolean): void;
  instanceChanged(manifest: InstanceManifest): void;
  /** An instance was taken out of the case: it is shown no longer. */
  instanceRemoved(instanceId: string): void;
  /** The link's state: what is drawn while it is down is kept and marked. */
  setConnection(status: StageStatus): void;
  /** Spend no bytes on lossless pixels that nobody asked for: the voice needs the link. */
  setThrifty(on: boolean): void;
  /** Somebody came, left or has another name. */
  participantsChanged(): void;
  keyImages(): ReadonlyMap<string, KeyImage>;
  onKeyImages(handler: (images: ReadonlyMap<string, KeyImage>) => void): () => void;
  /** Marks the shown frame "use in report", or takes the mark away. */
  toggleKeyImage(): void;
  removeKeyImage(key: string): void;
  annotations(): ReadonlyMap<string, Annotation>;
  destroy(): void;
  debug(): StageDebug;
}

/** What the stage shows at this moment, for tests. */
export interface StageDebug {
  readonly instance: string | null;
  /** The frame on the screen and the one that is wanted, from 1. */
  readonly frame: number;
  readonly wantedFrame: number;
  readonly playing: boolean;
  readonly window: { readonly center: number; readonly width: number };
  readonly invert: boolean;
  /** The image point in the middle of the viewport, and CSS px per image px. */
  readonly center: readonly [number, number];
  readonly zoom: number;
  readonly rotation: number;
  readonly flip: boolean;
  readonly size: readonly [number, number];
  readonly quality: string;
  readonly lossless: number;
  readonly presenter: string | null;
  readonly standing: string;
  readonly following: boolean;
  readonly annotations: readonly (Annotation & { readonly id: string; readonly sent: boolean })[];
  readonly keyImages: readonly string[];
  readonly pointers: readonly string[];
  readonly synced: boolean;
  readonly unsent: number;
  readonly renderer: string;
  readonly draws: number;
  readonly notice: string;
  /** Image px to CSS px from the page's top left: where a test must put its finger. */
  toPage(x: number, y: number): readonly [number, number];
  /** A hash of the displayed frame at image resolution, once the wanted frame is on the screen; "" without a picture. */
  pixelHash(): Promise<string>;
  /** Mean grey of 8 x 8 fields of the displayed frame: to compare sides that see it in different quality. */
  pixelGrid(): Promise<readonly number[]>;
}
