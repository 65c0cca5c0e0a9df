import type { Change } from "../viewport/hooks";
import type { InstanceManifest } from "../viewport/manifest";
import type { Viewport } from "../viewport/viewport";
import type { Standing } from "./banner";
import type { Part, StageDocument } from "./document";
import { follow, sameSight, viewOf } from "./following";
import type { Presence } from "./presence";
import { parseView, readable, type View } from "./schema";

const SETTLED_MS = 300;
const OFFER_MS = 8000;
const FOLLOWER_MS = 2500;

export interface LeadingDeps {
  readonly me: string;
  /** May show to others (the two doctors, while the consult is open). */
  readonly mayPresent: boolean;
  /** May move the picture alone (everyone but patient and attendant). */
  readonly mayLook: boolean;
  /** Writes nothing into the document. */
  readonly readOnly: boolean;
  readonly document: StageDocument;
  readonly viewport: Viewport;
  readonly presence: Presence;
  /** The manifest of an instance; null where it cannot be had (said to the person already). */
  readonly open: (instance: string) => Promise<InstanceManifest | null>;
  /** Who stands how has changed. */
  readonly changed: () => void;
}

/** One shows, the others follow or look on their own. */
export class Leading {
  private followingOn = true;
  private offered = false;
  private goal: View | null = null;
  private opening = "";
  private lastMoved: View | null = null;
  private lastWritten: View | null = null;
  private settle: ReturnType<typeof setTimeout> | undefined;
  private offerEnds: ReturnType<typeof setTimeout> | undefined;
  private wroteAt = -Infinity;

  constructor(private readonly deps: LeadingDeps) {}

  get presenter(): string | null {
    return this.deps.document.presenter;
  }

  get leads(): boolean {
    return this.presenter === this.deps.me && this.deps.mayPresent;
  }

  get follows(): boolean {
    return this.presenter !== null && !this.leads && this.followingOn;
  }

  get standing(): Standing {
    if (this.presenter === null) {
      return "nobody";
    }
    if (this.leads) {
      return "showing";
    }
    return !this.followingOn ? "own" : this.offered ? "offered" : "following";
  }

  /** Shows an instance: to all if one may and nobody else shows, else to oneself. */
  async show(instance: string, frame: number): Promise<void> {
    const toAll = this.leads || (this.presenter === null && this.deps.mayPresent);
    if (!toAll && !this.deps.mayLook) {
      return;
    }
    if (!toAll) {
      this.followingOn = false;
    }
    const manifest = await this.deps.open(instance);
    if (!manifest) {
      return;
    }
    this.deps.viewport.show(manifest, frame);
    if (toAll && !this.leads) {
      this.take();
    }
    this.deps.changed();
  }

  /** What is on this screen is now what everybody sees. */
  take(): void {
    if (this.deps.mayPresent) {
      this.followingOn = true;
      this.offered = false;
      const view = viewOf(this.deps.viewport);
      this.lastWritten = view;
      this.deps.document.setPresenter(this.deps.me, view);
      this.publish();
      this.deps.changed();
    }
  }

  handOver(participant: string): void {
    if (this.leads) {
      this.followingOn = true;
      this.deps.presence.still();
      this.deps.document.setPresenter(participant, viewOf(this.deps.viewport));
      this.deps.changed();
    }
  }

  setFollowing(on: boolean): void {
    this.offered = false;
    this.followingOn = on || !this.deps.mayLook;
    if (this.follows) {
      this.catchUp();
    }
    this.deps.changed();
  }

  keepFollowing(): void {
    this.offered = false;
    this.deps.changed();
  }

  /** Whether a gesture may move the picture; a follower is offered to look alone instead. */
  mayMove(): boolean {
    if (!this.follows) {
      return this.deps.mayLook;
    }
    if (this.deps.mayLook) {
      this.offered = true;
      clearTimeout(this.offerEnds);
      this.offerEnds = setTimeout(() => this.keepFollowing(), OFFER_MS);
      this.deps.changed();
    }
    return false;
  }

  /** The viewport changed: tell the others if it is theirs to see. */
  viewportChanged(change: Change, byPerson: boolean): void {
    if (change === "size" && this.follows && this.goal) {
      follow(this.deps.viewport, this.goal);
    }
    if (change === "frame" && this.deps.viewport.playing && !byPerson) {
      return; // every frame of a running clip: all machines count them alone
    }
    if (this.leads) {
      this.publish();
    } else {
      this.planWrite(FOLLOWER_MS);
    }
  }

  /** A moving view came from another browser. */
  peerMoved(from: string, view: unknown): void {
    const read = readable(parseView, view);
    if (read && from === this.presenter && this.follows) {
      void this.followTo(read);
    }
  }

  documentChanged(parts: ReadonlySet<Part>): void {
    if (parts.has("stage")) {
      if (this.leads && !sameSight(viewOf(this.deps.viewport), this.deps.document.view(this.deps.me))) {
        this.publish(); // handed over to us: what we see is what all see
      }
      this.deps.changed();
    }
    if ((parts.has("stage") || parts.has("views")) && this.follows) {
      this.catchUp();
    }
  }

  /** News of the instance on show. */
  instanceChanged(): void {
    if (this.follows && this.goal) {
      follow(this.deps.viewport, this.goal);
    }
  }

  destroy(): void {
    clearTimeout(this.settle);
    clearTimeout(this.offerEnds);
  }

  private catchUp(): void {
    const view = this.presenter === null ? null : this.deps.document.view(this.presenter);
    if (view && !sameSight(view, this.goal)) {
      void this.followTo(view);
    } else if (view && this.goal) {
      void this.followTo(this.goal);
    }
  }

  private async followTo(view: View): Promise<void> {
    const { viewport } = this.deps;
    this.goal = view;
    if (viewport.instance?.id !== view.instance) {
      if (this.opening === view.instance) {
        return; // on its way; it will stand where the newest goal says
      }
      this.opening = view.instance;
      const manifest = await this.deps.open(view.instance);
      this.opening = "";
      if (!manifest || !this.follows || this.goal.instance !== manifest.id) {
        return;
      }
      viewport.show(manifest, this.goal.frame);
    }
    follow(viewport, this.goal);
  }

  /** To the others at once, and into the document when the hand rests or the step is a whole one. */
  private publish(): void {
    const view = viewOf(this.deps.viewport);
    if (!view) {
      return;
    }
    if (!sameSight(view, this.lastMoved)) {
      this.lastMoved = view;
      this.deps.presence.move(view);
    }
    const stepped = view.frame !== this.lastWritten?.frame || view.playing !== this.lastWritten.playing;
    const rested = performance.now() - this.wroteAt > SETTLED_MS;
    if ((stepped && rested) || view.instance !== this.lastWritten?.instance) {
      this.write();
    } else {
      this.planWrite(SETTLED_MS);
    }
  }

  private planWrite(pause: number): void {
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.write(), pause);
  }

  private write(): void {
    clearTimeout(this.settle);
    const view = viewOf(this.deps.viewport);
    const before = this.lastWritten;
    if (!view || this.deps.readOnly) {
      return;
    }
    const news = this.leads
      ? !sameSight(view, before) || view.quality !== before?.quality
      : view.instance !== before?.instance || view.quality !== before.quality;
    if (news) {
      this.lastWritten = view;
      this.wroteAt = performance.now();
      this.deps.document.setView(view);
    }
  }
}
