import type { Desk } from "./desk";
import type { StageDocument } from "./document";
import type { ToolName } from "./tools";

const TOOL_KEYS: Readonly<Record<string, ToolName>> = {
  m: "move",
  w: "window",
  p: "point",
  d: "line",
  a: "arrow",
  e: "ellipse",
  l: "length",
};

/** The stage's keys beside the viewport's: a tool each, undo, delete, use in report, let go. */
export class StageKeys {
  constructor(
    private readonly desk: Desk,
    private readonly document: StageDocument,
    private readonly toggleKeyImage: () => void,
  ) {}

  /** True if the key meant something. */
  pressed(event: KeyboardEvent): boolean {
    const held = event.ctrlKey || event.metaKey;
    if (held && event.key.toLowerCase() === "z") {
      if (event.shiftKey) {
        this.document.redo();
      } else {
        this.document.undo();
      }
      return true;
    }
    return !held && !event.altKey && this.plain(event.key);
  }

  private plain(key: string): boolean {
    const tool = TOOL_KEYS[key];
    if (tool) {
      this.desk.choose(tool);
      return true;
    }
    switch (key) {
      case "u":
        this.document.undo();
        return true;
      case "k":
        this.toggleKeyImage();
        return true;
      case "Delete":
      case "Backspace":
        return this.desk.removeSelected();
      case "Escape":
        this.desk.viewport.cancelGesture();
        this.desk.select(null);
        this.desk.choose("move");
        return true;
      default:
        return false;
    }
  }
}
