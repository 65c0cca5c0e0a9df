/** How much waits at a place of the navigation, kept right while the page stays open. */

const EVERY_MS = 300_000; // in case news got lost; they come by themselves

/** Shows `count` in the badge, or hides it for nothing. */
export function showCount(badge: HTMLElement, count: number): void {
  badge.hidden = count === 0;
  badge.textContent = String(count);
}

async function ask(badge: HTMLElement): Promise<void> {
  try {
    const answer = await fetch(badge.dataset.count ?? "", { credentials: "same-origin" });
    if (answer.ok) {
      const said: unknown = await answer.json();
      const count = typeof said === "object" && said !== null && "count" in said ? said.count : undefined;
      if (typeof count === "number") {
        showCount(badge, count);
      }
    }
  } catch {
    // The link is gone: the number stays as it was.
  }
}

/** Asks when there is news, and now and then, only while somebody looks at the page. */
export function keepCounts(): void {
  for (const badge of document.querySelectorAll<HTMLElement>("[data-count]")) {
    const refresh = (): void => {
      if (document.visibilityState === "visible") {
        void ask(badge);
      }
    };
    setInterval(refresh, EVERY_MS);
    // After the page itself: what a page needs first does not wait for its badge.
    void import("./inbox_news").then(({ onInboxNews }) => onInboxNews(refresh));
    addEventListener("pageshow", (event) => event.persisted && refresh());
    document.addEventListener("visibilitychange", refresh);
  }
}
