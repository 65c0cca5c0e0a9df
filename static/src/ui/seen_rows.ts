const KEY = "worklist-seen";
const SEEN_AFTER_MS = 3000;
const MOST = 500;

function stored(): Set<string> {
  try {
    const parsed: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(parsed) ? parsed.filter((item): item is string => typeof item === "string") : []);
  } catch {
    return new Set();
  }
}

/**
 * Which requests of the worklist were looked at: those on the page when it was first opened, and each new one once it
 * has stood on a visible screen for a while. Ids only, and only for as long as the tab lives.
 */
export class SeenRows {
  private readonly seen = stored();
  private readonly sounded = new Set(this.seen);
  private readonly timers = new Map<Element, ReturnType<typeof setTimeout>>();
  private readonly watcher: IntersectionObserver;

  constructor(private readonly changed: (row: HTMLElement) => void) {
    this.watcher = new IntersectionObserver((entries) => entries.forEach((entry) => this.moved(entry)), { threshold: 0.6 });
  }

  isNew(id: string): boolean {
    return !this.seen.has(id);
  }

  /** Whether this id is told for the first time: it sounds once. */
  firstTold(id: string): boolean {
    const first = !this.sounded.has(id);
    this.sounded.add(id);
    return first;
  }

  /** Everything here was here before the person came. */
  takeAll(ids: Iterable<string>): void {
    for (const id of ids) {
      this.seen.add(id);
      this.sounded.add(id);
    }
    this.keep();
  }

  watch(row: HTMLElement): void {
    this.watcher.observe(row);
  }

  see(row: HTMLElement): void {
    this.seen.add(row.dataset.consult ?? "");
    this.watcher.unobserve(row);
    this.keep();
    this.changed(row);
  }

  private moved(entry: IntersectionObserverEntry): void {
    clearTimeout(this.timers.get(entry.target));
    const { target: row } = entry;
    if (entry.isIntersecting && row instanceof HTMLElement) {
      this.timers.set(row, setTimeout(() => this.shownLongEnough(row), SEEN_AFTER_MS));
    }
  }

  private shownLongEnough(row: HTMLElement): void {
    if (document.visibilityState === "visible" && document.hasFocus()) {
      this.see(row);
    } else {
      addEventListener("focus", () => this.watchAgain(row), { once: true });
    }
  }

  private watchAgain(row: HTMLElement): void {
    this.watcher.unobserve(row);
    this.watcher.observe(row);
  }

  private keep(): void {
    sessionStorage.setItem(KEY, JSON.stringify([...this.seen].slice(-MOST)));
  }
}
