import { ControlsView, type ControlsOptions } from "./controls_view";
import type { Call } from "./call";
import { systemClock } from "./clock";
import { LargeView, type Enlarged } from "./large_view";
import { linkSentence } from "./link_words";
import { linkSummary, type LinkState } from "./summary";
import { OwnTile, PersonTile, type PersonWords } from "./tile_view";
import { Voices } from "./voices";

export interface PeopleOptions {
  readonly call: Call;
  /** Our own name, and those of the others by participant id. */
  readonly ownName: string;
  nameOf(participantId: string): PersonWords;
  /** Over what a tapped tile is enlarged. */
  readonly stage: HTMLElement;
  /** What can be done with somebody's enlarged picture, or our own ("own"). */
  actions?(id: string): readonly Enlarged[];
}

/** Takes the people band away when called; `makeRoom` puts what is enlarged into its corner. */
export type PeopleHandle = (() => void) & { makeRoom(): void };

class PeopleView {
  private readonly large: LargeView;
  private readonly voices: Voices;
  private readonly own: OwnTile;
  private readonly tiles = new Map<string, PersonTile>();
  private readonly off: (() => void)[];

  constructor(
    private readonly element: HTMLElement,
    private readonly options: PeopleOptions,
  ) {
    const { call } = options;
    this.large = new LargeView(options.stage, (id) => options.actions?.(id) ?? []);
    this.voices = new Voices(element);
    this.own = new OwnTile(options.ownName, () => this.large.show(this.own.subject()));
    element.classList.add("call-people");
    element.append(this.own.element);
    this.off = [
      call.on("own", () => this.drawOwn()),
      call.on("state", () => this.drawOwn()),
      call.on("members", () => this.draw()),
      call.on("levels", (heard) => heard.forEach((level, id) => this.tiles.get(id)?.setLevel(level))),
      systemClock.every(1000, () => this.age()),
    ];
    this.drawOwn();
    this.draw();
  }

  makeRoom(): void {
    this.large.makeRoom();
  }

  /** A picture that stands still grows older, whether or not anything else happens. */
  private age(): void {
    if (this.options.call.memberViews.some((member) => member.frozenSince !== null)) {
      this.draw();
    }
  }

  close(): void {
    this.off.forEach((stop) => stop());
    this.large.close();
    this.voices.close();
    this.element.replaceChildren();
  }

  private drawOwn(): void {
    const { state, own } = this.options.call;
    this.own.draw(own, state.kind === "in" || state.kind === "joining");
    this.large.refresh(this.own.subject());
  }

  private draw(): void {
    const members = this.options.call.memberViews;
    const present = new Set(members.map((member) => member.participantId));
    [...this.tiles.keys()].filter((id) => !present.has(id)).forEach((id) => this.remove(id));
    for (const member of members) {
      const tile = this.tiles.get(member.participantId) ?? this.add(member.participantId);
      tile.draw(member, this.options.nameOf(member.participantId));
      this.large.refresh(tile.subject());
    }
    this.voices.play(members);
  }

  private add(id: string): PersonTile {
    const tile: PersonTile = new PersonTile(id, () => this.large.show(tile.subject()));
    this.tiles.set(id, tile);
    this.element.append(tile.element);
    return tile;
  }

  private remove(id: string): void {
    this.large.hide(id);
    this.tiles.get(id)?.element.remove();
    this.tiles.delete(id);
  }
}

/** The people band: a tile for everyone in the call, ourselves first. Returns what takes it away again. */
export function mountPeople(element: HTMLElement, options: PeopleOptions): PeopleHandle {
  const view = new PeopleView(element, options);
  return Object.assign(() => view.close(), { makeRoom: () => view.makeRoom() });
}

/** Mute, camera, flip, voice only, join and leave, as buttons of a bar. Returns what takes them away again. */
export function mountControls(element: HTMLElement, options: ControlsOptions): () => void {
  const view = new ControlsView(element, options);
  return () => view.close();
}

/** The link in words: the worst link of the call, told once a second; `data-state` is good, weak or gone. */
export function mountLinkWords(element: HTMLElement, call: Call): () => void {
  const draw = (): void => {
    const summary = call.state.kind === "in" ? linkSummary(call.memberViews, call.own.chosen !== null) : null;
    const state: LinkState = summary?.state ?? "none";
    const words = summary === null ? "" : linkSentence(summary, systemClock.now());
    if (element.textContent !== words) {
      element.textContent = words;
    }
    element.dataset.state = state;
  };
  const off = [call.on("members", draw), call.on("state", draw), systemClock.every(1000, draw)];
  draw();
  return () => {
    off.forEach((stop) => stop());
    element.textContent = "";
  };
}
