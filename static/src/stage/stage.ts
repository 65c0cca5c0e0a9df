import { t } from "../ui/text";
import { FormatError } from "../viewport/parse";
import type { InstanceManifest } from "../viewport/manifest";
import type { Change, ViewportHooks } from "../viewport/hooks";
import { levelName } from "../viewport/overlay";
import { Viewport } from "../viewport/viewport";
import { Banner } from "./banner";
import { ClipBar } from "./clip_bar";
import { debugOf } from "./debug";
import { Desk } from "./desk";
import { type Part, StageDocument } from "./document";
import { made } from "./elements";
import { viewOf } from "./following";
import { Leading } from "./leading";
import type { StageHandle, StageOptions } from "./options";
import { inkOf, Pointers, readPointer } from "./pointers";
import { Presence } from "./presence";
import { type KeyImage, keyOf } from "./schema";
import { StageKeys } from "./stage_keys";
import { StageSync } from "./sync";
import { Toolbar } from "./tools";
import { DeviceStore } from "./unsent";

export { awarenessOverSocket } from "./socket_awareness";
export { forgetEverything } from "./unsent";
export type { Participant, StageDebug, StageHandle, StageOptions } from "./options";
export type { AwarenessChannel, AwarenessState } from "./presence";
export type { Annotation, KeyImage, View } from "./schema";
export type { StageTransport } from "./transport";
export type { InstanceManifest } from "../viewport/manifest";

const SYNC_PATIENCE_MS = 1500;
const DRAWERS = new Set(["treating_doctor", "specialist"]);
const LED = new Set(["patient", "attendant"]);

interface NetworkHint {
  readonly saveData?: boolean;
  readonly downlink?: number;
}

/** Whether the browser believes that the link is thin or dear. Browsers that do not say are believed to be well off. */
function thinLink(): boolean {
  const hint = (navigator as { connection?: NetworkHint }).connection;
  return hint?.saveData === true || (hint?.downlink ?? 10) < 0.7;
}

/** Everything of one consult's stage, put together. */
export class Stage {
  readonly document: StageDocument;
  readonly viewport: Viewport;
  readonly sync: StageSync;
  readonly leading: Leading;
  readonly desk: Desk;
  readonly pointers: Pointers;
  readonly mayDraw: boolean;
  readonly serverNow: () => number;
  private readonly presence: Presence;
  private readonly toolbar: Toolbar;
  private readonly clip: ClipBar;
  private readonly banner: Banner;
  private readonly frame = made("div", "stage-frame");
  private readonly empty = made("div", "stage-empty");
  private readonly keys: StageKeys;
  private readonly manifests = new Map<string, InstanceManifest>();
  private readonly keyImageHandlers = new Set<(images: ReadonlyMap<string, KeyImage>) => void>();
  private readonly stops: (() => void)[] = [];
  private readonly removed = new Set<string>();
  private shown = "";

  constructor(
    readonly root: HTMLElement,
    readonly options: StageOptions,
  ) {
    const { me, readOnly } = options;
    this.serverNow = options.serverNow ?? Date.now;
    this.mayDraw = DRAWERS.has(me.role) && !readOnly;
    this.document = new StageDocument(me.participant_id);
    this.presence = new Presence(options.awareness, this.serverNow);
    root.classList.add("stage");
    const screen = made("div", "stage-screen");
    this.viewport = new Viewport(screen, {
      hooks: this.hooks(),
      now: this.serverNow,
      slowLink: thinLink,
      renderer: options.renderer ?? "auto",
      withVideo: options.withVideo ?? false,
    });
    this.viewport.thrifty = thinLink();
    this.sync = this.connected();
    this.leading = this.led();
    this.pointers = new Pointers((id) => this.nameOf(id));
    this.desk = this.deskOf();
    this.keys = new StageKeys(this.desk, this.document, () => this.toggleKeyImage());
    this.clip = new ClipBar(this.viewport, () => this.leading.mayMove(), readOnly || !LED.has(me.role), this.mayDraw);
    this.toolbar = this.tools();
    this.banner = new Banner({
      take: () => this.leading.take(),
      handOver: (participant) => this.leading.handOver(participant),
      follow: (on) => this.leading.setFollowing(on),
      keepFollowing: () => this.leading.keepFollowing(),
    });
    this.lay(screen);
    this.listen();
    this.refresh();
    void this.sync.start();
  }

  nameOf(participant: string): string {
    if (participant === this.options.me.participant_id) {
      return this.options.me.name;
    }
    const known = this.options.participants?.().find(({ participant_id: id }) => id === participant);
    const author = [...this.document.annotations().values()].find((drawing) => drawing.author === participant);
    return known?.name ?? author?.author_name ?? t("The other doctor");
  }

  toggleKeyImage(): void {
    const { instance, wantedFrame } = this.viewport;
    const view = viewOf(this.viewport);
    if (!instance || !view || !this.mayDraw) {
      return;
    }
    const key = keyOf(instance.id, wantedFrame);
    if (this.document.hasKeyImage(key)) {
      this.document.removeKeyImage(key);
      return;
    }
    const { participant_id: by, name } = this.options.me;
    this.document.putKeyImage({
      instance: instance.id,
      sop: instance.sop_instance_uid,
      frame: wantedFrame,
      by,
      by_name: name,
      at: Math.round(this.serverNow()),
      view: { ...view, playing: null, frame: wantedFrame },
    });
  }

  onKeyImages(handler: (images: ReadonlyMap<string, KeyImage>) => void): () => void {
    this.keyImageHandlers.add(handler);
    handler(this.document.keyImages());
    return () => void this.keyImageHandlers.delete(handler);
  }

  instanceChanged(manifest: InstanceManifest): void {
    this.manifests.set(manifest.id, manifest);
    if (this.viewport.instance?.id === manifest.id) {
      this.viewport.update(manifest);
      this.leading.instanceChanged();
      this.refresh();
    }
  }

  instanceRemoved(id: string): void {
    this.removed.add(id);
    this.manifests.delete(id);
    if (this.viewport.instance?.id === id) {
      this.viewport.clear();
      this.refresh();
    }
  }

  /** Shows again who stands how and what can be done. */
  refresh(): void {
    const { viewport, leading, options } = this;
    const instance = viewport.instance;
    this.empty.hidden = instance !== null;
    this.root.dataset.standing = leading.standing;
    this.root.style.setProperty("--presenter", inkOf(leading.presenter ?? ""));
    const others = options.participants?.() ?? [];
    this.banner.show({
      standing: leading.standing,
      presenterName: leading.presenter === null ? "" : this.nameOf(leading.presenter),
      mayPresent: this.mayDraw,
      picture: instance !== null,
      candidates: others
        .filter(({ participant_id: id, role, present }) => id !== options.me.participant_id && present && DRAWERS.has(role))
        .map(({ participant_id, name }) => ({ participant_id, name })),
    });
    this.toolbar.update({
      tool: this.desk.tool,
      colour: this.desk.colour(),
      clip: (instance?.frames ?? 1) > 1,
      playing: viewport.playing !== null,
      canUndo: this.document.canUndo,
      inReport: this.desk.inReport,
      inverted: viewport.inverted,
      picture: instance !== null,
    });
    this.clip.update();
    this.desk.show();
  }

  destroy(): void {
    for (const stop of this.stops) {
      stop();
    }
    this.leading.destroy();
    this.presence.destroy();
    this.pointers.destroy();
    this.sync.destroy();
    this.toolbar.destroy();
    this.viewport.destroy();
    this.document.destroy();
    this.frame.remove();
  }

  private hooks(): ViewportHooks {
    return {
      mayMove: () => this.leading.mayMove(),
      changed: (change, byPerson) => this.viewportChanged(change, byPerson),
      drawn: (matrix) => {
        this.desk.place(matrix);
        this.pointers.place(matrix, this.viewport.instance?.id ?? "", this.viewport.frame);
      },
      grab: (at) => this.desk.grab(at),
      hover: (at) => this.desk.hover(at),
      tapped: (at) => this.desk.tapped(at),
      key: (event) => this.mayDraw && this.keys.pressed(event),
    };
  }

  private connected(): StageSync {
    const { consultId, me, transport, onMessage } = this.options;
    const store = this.options.store ?? new DeviceStore(consultId, me.participant_id);
    return new StageSync(this.document, transport, store, {
      unsentChanged: () => this.desk.show(),
      refused: (sentence) => onMessage(sentence, "warning"),
    });
  }

  private led(): Leading {
    const { me, readOnly } = this.options;
    return new Leading({
      me: me.participant_id,
      mayPresent: this.mayDraw,
      mayLook: readOnly || !LED.has(me.role),
      readOnly,
      document: this.document,
      viewport: this.viewport,
      presence: this.presence,
      open: (id) => this.manifestOf(id),
      changed: () => this.refresh(),
    });
  }

  private deskOf(): Desk {
    return new Desk({
      viewport: this.viewport,
      document: this.document,
      presence: this.presence,
      me: this.options.me,
      mayDraw: this.mayDraw,
      serverNow: this.serverNow,
      unsent: () => this.sync.unsent(),
      toggleKeyImage: () => this.toggleKeyImage(),
      changed: () => this.refresh(),
      calibrate: this.options.calibrate,
    });
  }

  private tools(): Toolbar {
    const { controls } = this.viewport;
    return new Toolbar({
      choose: (tool) => this.desk.choose(tool),
      paint: (colour) => this.desk.paint(colour),
      rotate: () => controls.rotate(),
      flip: () => controls.flip(),
      invert: () => controls.invert(),
      reset: () => controls.reset(),
      report: () => this.toggleKeyImage(),
      undo: () => this.document.undo(),
      play: () => controls.togglePlay(),
    });
  }

  private lay(screen: HTMLElement): void {
    const words = this.mayDraw
      ? t("Nothing is on the stage yet. Choose a picture below, or add one.")
      : t("Nothing is on the stage yet. The doctors will show pictures here.");
    this.empty.append(made("p", "", this.options.emptyWords ?? words));
    this.viewport.surface.append(this.desk.layer.root, this.pointers.root);
    screen.append(this.empty, this.banner.root, this.desk.bar.root, this.desk.entry.root);
    const below = made("div", "stage-below", this.clip.root);
    this.toolbar.root.hidden = !this.mayDraw;
    this.frame.append(screen, below, this.toolbar.root);
    this.root.prepend(this.frame); // others may lay something over the stage: theirs stays
  }

  private listen(): void {
    this.stops.push(
      this.document.onChange((parts) => this.documentChanged(parts)),
      this.options.awareness.on((from, state) => {
        if (from !== this.options.me.participant_id) {
          this.pointers.update(from, readPointer(state.pointer));
          this.leading.peerMoved(from, state.view);
        }
      }),
    );
  }

  private documentChanged(parts: ReadonlySet<Part>): void {
    this.leading.documentChanged(parts);
    this.othersSee();
    this.refresh();
    if (parts.has("key_images")) {
      const images = this.document.keyImages();
      for (const handler of [...this.keyImageHandlers]) {
        handler(images);
      }
    }
  }

  /** Whose eyes get less than these, or more. */
  private othersSee(): void {
    const mine = viewOf(this.viewport);
    const present = new Set((this.options.participants?.() ?? []).filter((one) => one.present).map((one) => one.participant_id));
    const differing = [...this.document.views()].filter(
      ([id, view]) =>
        id !== this.options.me.participant_id &&
        present.has(id) &&
        view.instance === mine?.instance &&
        view.quality !== mine.quality,
    );
    this.viewport.othersSee = differing
      .map(([id, view]) => t("%(name)s sees: %(quality)s", { name: this.nameOf(id), quality: levelName(view.quality) }))
      .join(" · ");
    this.viewport.invalidate();
  }

  private viewportChanged(change: Change, byPerson: boolean): void {
    this.leading.viewportChanged(change, byPerson);
    if (change === "picture" || change === "quality") {
      this.othersSee();
    }
    const { instance, frame } = this.viewport;
    const shown = `${instance?.id ?? ""}/${frame}`;
    if (instance && frame > 0 && shown !== this.shown) {
      this.shown = shown;
      this.options.onShown(instance.id, frame);
    }
    if (change === "frame" && this.viewport.playing && !byPerson) {
      this.clip.update(); // thirty times a second: only what moves
      this.desk.show();
    } else {
      this.refresh();
    }
  }

  private async manifestOf(id: string): Promise<InstanceManifest | null> {
    if (this.removed.has(id)) {
      return null;
    }
    const known = this.manifests.get(id) ?? this.options.instances().find((instance) => instance.id === id);
    if (known && known.state !== "received" && known.state !== "processing") {
      return known;
    }
    try {
      const manifest = await this.options.loadManifest(id);
      this.manifests.set(id, manifest);
      return manifest;
    } catch (error) {
      const words =
        error instanceof FormatError
          ? t("This picture cannot be shown: its description is damaged.")
          : t("The picture could not be opened. Check the network, then try again.");
      this.options.onMessage(words, "warning");
      return known ?? null;
    }
  }
}

/** Puts a stage into `root`: pictures, tools and everybody's drawings. */
export function mountStage(root: HTMLElement, options: StageOptions): StageHandle {
  const stage = new Stage(root, options);
  const { leading, document, viewport } = stage;
  return {
    show: async (instance, frame = 1) => {
      await stage.sync.whenSynced(SYNC_PATIENCE_MS); // or one would take over from a presenter not yet known of
      await leading.show(instance, frame);
    },
    takePresenter: () => leading.take(),
    handOver: (participant) => leading.handOver(participant),
    followPresenter: (on) => leading.setFollowing(on),
    instanceChanged: (manifest) => stage.instanceChanged(manifest),
    instanceRemoved: (id) => stage.instanceRemoved(id),
    setConnection: (status) => void (root.dataset.link = status),
    setThrifty: (on) => void (viewport.thrifty = on || thinLink()),
    participantsChanged: () => stage.refresh(),
    keyImages: () => document.keyImages(),
    onKeyImages: (handler) => stage.onKeyImages(handler),
    toggleKeyImage: () => stage.toggleKeyImage(),
    removeKeyImage: (key) => document.removeKeyImage(key),
    annotations: () => document.annotations(),
    destroy: () => stage.destroy(),
    debug: () => debugOf(stage),
  };
}
