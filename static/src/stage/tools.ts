import { t } from "../ui/text";
import { IconButton, made } from "./elements";
import { Palette } from "./palette";
import type { Colour } from "./schema";

export type ToolName = "move" | "window" | "point" | "line" | "arrow" | "ellipse" | "length";
type Group = "move" | "draw" | "measure";

export interface ToolbarState {
  readonly tool: ToolName;
  readonly colour: Colour;
  readonly clip: boolean;
  readonly playing: boolean;
  readonly canUndo: boolean;
  readonly inReport: boolean;
  readonly inverted: boolean;
  /** There is a picture to work on. */
  readonly picture: boolean;
}

export interface ToolbarActions {
  choose(tool: ToolName): void;
  paint(colour: Colour): void;
  rotate(): void;
  flip(): void;
  invert(): void;
  reset(): void;
  report(): void;
  undo(): void;
  play(): void;
}

const TOOLS: Readonly<Record<ToolName, { group: Group; icon: string; words: () => string }>> = {
  move: { group: "move", icon: "hand", words: () => t("Move") },
  window: { group: "move", icon: "contrast", words: () => t("Window") },
  point: { group: "move", icon: "pointer", words: () => t("Point") },
  line: { group: "draw", icon: "pencil", words: () => t("Draw") },
  arrow: { group: "draw", icon: "arrow-up-right", words: () => t("Arrow") },
  ellipse: { group: "draw", icon: "circle", words: () => t("Ellipse") },
  length: { group: "measure", icon: "ruler", words: () => t("Measure") },
};
const NAMES: readonly ToolName[] = ["move", "window", "point", "line", "arrow", "ellipse", "length"];

/** Four groups under the thumb. A group shows its last tool; tapping the one in use opens its other tools. */
export class Toolbar {
  readonly root = made("div", "stage-tools");
  private readonly groups = new Map<Group, IconButton>();
  private readonly choices = new Map<ToolName, IconButton>();
  private readonly flyouts = new Map<Group, HTMLElement>();
  private readonly last: Record<Group, ToolName> = { move: "move", draw: "arrow", measure: "length" };
  private readonly play: IconButton;
  private readonly undo: IconButton;
  private readonly report: IconButton;
  private readonly invert: IconButton;
  private readonly palette: Palette;
  private tool: ToolName = "move";
  private readonly controller = new AbortController();

  constructor(private readonly actions: ToolbarActions) {
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", t("Tools"));
    this.palette = new Palette((colour) => actions.paint(colour));
    this.report = new IconButton("bookmark-plus", t("Use in report"), () => this.closing(() => actions.report()));
    this.invert = new IconButton("sun-moon", t("Invert"), () => actions.invert());
    this.play = new IconButton("play", t("Play"), () => actions.play());
    this.undo = new IconButton("undo-2", t("Undo"), () => actions.undo());
    this.addGroup("move", this.moveActions());
    this.addGroup("draw", [this.palette.root]);
    this.addGroup("measure", []);
    this.root.append(this.play.root, this.undo.root);
    document.addEventListener("pointerdown", (event) => this.pressedOutside(event), { signal: this.controller.signal });
    this.root.addEventListener("keydown", (event) => this.keyed(event));
  }

  update(state: ToolbarState): void {
    this.tool = state.tool;
    const group = TOOLS[state.tool].group;
    this.last[group] = state.tool;
    for (const [name, button] of this.groups) {
      const shown = TOOLS[this.last[name]];
      button.relabel(shown.icon, shown.words());
      button.pressed = name === group;
      button.enabled = state.picture;
    }
    for (const [name, button] of this.choices) {
      button.pressed = name === state.tool;
    }
    this.palette.show(state.colour);
    this.root.style.setProperty("--ink", state.colour);
    this.play.root.hidden = !state.clip;
    this.play.relabel(state.playing ? "pause" : "play", state.playing ? t("Pause") : t("Play"));
    this.undo.root.hidden = group === "move" && !state.canUndo;
    this.undo.enabled = state.canUndo;
    this.invert.pressed = state.inverted;
    this.report.relabel(
      state.inReport ? "bookmark-check" : "bookmark-plus",
      state.inReport ? t("In the report") : t("Use in report"),
    );
    this.report.pressed = state.inReport;
  }

  /** Closes what is open; true if something was. */
  close(): boolean {
    let open = false;
    for (const [group, flyout] of this.flyouts) {
      open ||= !flyout.hidden;
      flyout.hidden = true;
      this.groups.get(group)?.root.setAttribute("aria-expanded", "false");
    }
    return open;
  }

  destroy(): void {
    this.controller.abort();
  }

  private moveActions(): HTMLElement[] {
    const { actions } = this;
    return [
      new IconButton("rotate-cw", t("Rotate"), () => actions.rotate()).root,
      new IconButton("flip-horizontal-2", t("Flip"), () => actions.flip()).root,
      this.invert.root,
      new IconButton("maximize", t("Reset"), () => this.closing(() => actions.reset())).root,
      this.report.root,
    ];
  }

  private addGroup(group: Group, extras: readonly HTMLElement[]): void {
    const shown = TOOLS[this.last[group]];
    const button = new IconButton(shown.icon, shown.words(), () => this.tapped(group));
    const names = NAMES.filter((name) => TOOLS[name].group === group);
    const flyout = made("div", "stage-flyout");
    flyout.hidden = true;
    for (const name of names) {
      const { icon, words } = TOOLS[name];
      const choice = new IconButton(icon, words(), () => this.closing(() => this.actions.choose(name)));
      this.choices.set(name, choice);
      flyout.append(choice.root);
    }
    flyout.append(...extras);
    const holder = made("div", "stage-group", button.root);
    if (flyout.children.length > 1) {
      button.root.classList.add("stage-tool-more");
      button.root.setAttribute("aria-haspopup", "true");
      button.root.setAttribute("aria-expanded", "false");
      holder.append(flyout);
      this.flyouts.set(group, flyout);
    }
    this.groups.set(group, button);
    this.root.append(holder);
  }

  private tapped(group: Group): void {
    const flyout = this.flyouts.get(group);
    const active = TOOLS[this.tool].group === group;
    const opening = active && flyout?.hidden === true;
    this.close();
    if (flyout && opening) {
      flyout.hidden = false;
      this.groups.get(group)?.root.setAttribute("aria-expanded", "true");
    } else if (!active) {
      this.actions.choose(this.last[group]);
    }
  }

  private closing(act: () => void): void {
    this.close();
    act();
  }

  private pressedOutside(event: PointerEvent): void {
    if (!(event.target instanceof Node) || !this.root.contains(event.target)) {
      this.close();
    }
  }

  private keyed(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.close()) {
      event.stopPropagation();
    }
  }
}
