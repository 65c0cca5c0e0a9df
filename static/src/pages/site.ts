/** What every page does: times in the reader's words, dialogs, menus, links to copy, forms sent once. */
import { keepCounts } from "../ui/nav_count";
import { t } from "../ui/text";
import { keepTimes } from "../ui/when";

const SAID_MS = 2500;
const FORGETTING_MS = 2000;

function closest(event: Event, selector: string): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
}

function openDialog(opener: HTMLElement): void {
  const dialog = document.getElementById(opener.dataset.opens ?? "");
  if (dialog instanceof HTMLDialogElement) {
    dialog.showModal();
  }
}

async function copyLink(button: HTMLElement): Promise<void> {
  const input = button.parentElement?.querySelector<HTMLInputElement>("[data-copyable]");
  const label = button.querySelector("span");
  if (!input || !label) {
    return;
  }
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(input.value);
    label.textContent = t("Copied");
  } catch {
    // Without HTTPS there is no clipboard: select it, so that one long press copies.
    input.focus();
    input.select();
    label.textContent = t("Selected");
  }
  setTimeout(() => (label.textContent = before), SAID_MS);
}

async function shareLink(button: HTMLElement): Promise<void> {
  try {
    await navigator.share({ title: button.dataset.title ?? document.title, url: button.dataset.shares ?? "" });
  } catch {
    // Closing the share sheet is not a failure.
  }
}

function reveal(button: HTMLElement): void {
  const input = document.getElementById(button.dataset.reveals ?? "");
  const label = button.querySelector("span");
  if (!(input instanceof HTMLInputElement) || !label) {
    return;
  }
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  label.textContent = shown ? t("Hide") : t("Show");
}

/** A demo account's button writes its name and password into the form. */
function fill(button: HTMLElement): void {
  const values: Readonly<Record<string, string | undefined>> = { email: button.dataset.email, password: button.dataset.password };
  for (const [id, value] of Object.entries(values)) {
    const input = document.getElementById(id);
    if (input instanceof HTMLInputElement) {
      input.value = value ?? "";
    }
  }
  document.querySelector<HTMLElement>("[data-submits]")?.focus();
}

function onClick(event: MouseEvent): void {
  const actions: [string, (element: HTMLElement) => unknown][] = [
    ["[data-opens]", openDialog],
    ["[data-closes]", (button) => button.closest("dialog")?.close()],
    ["[data-copies]", copyLink],
    ["[data-shares]", shareLink],
    ["[data-reveals]", reveal],
    ["[data-fills]", fill],
    ["[data-goes-back]", () => history.back()],
  ];
  for (const [selector, act] of actions) {
    const element = closest(event, selector);
    if (element) {
      act(element);
    }
  }
  closeMenus(event.target instanceof Node ? event.target : null);
}

function closeMenus(inside: Node | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!inside || !menu.contains(inside)) {
      menu.open = false;
    }
  }
}

function onKey(event: KeyboardEvent): void {
  if (event.key !== "Escape") {
    return;
  }
  const menu = document.activeElement?.closest<HTMLDetailsElement>("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary")?.focus();
}

const SENDING = /^nidaan[.-]sending[.-]/;

/** Who is signed in on this page, as `kind:id`. */
function owner(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="actor"]')?.content ?? "";
}

function sendingMark(): string {
  return `nidaan.sending.${owner()}`;
}

/** What another account of this device still has to send stays: it is theirs, and only they are shown it. */
function keptOfOthers(): string[] {
  return Object.keys(localStorage).filter((name) => SENDING.test(name) && !name.startsWith(sendingMark()));
}

/** Whoever signs out leaves nothing of a patient in this browser (the server asks for the same where HTTPS is). */
async function forgetEverything(): Promise<void> {
  const others = keptOfOthers();
  for (const name of Object.keys(localStorage).filter((one) => !others.includes(one))) {
    localStorage.removeItem(name);
  }
  sessionStorage.clear();
  if (typeof indexedDB.databases !== "function") {
    return;
  }
  const own = `nidaan-sending-${owner()}`;
  for (const { name } of await indexedDB.databases()) {
    if (name && (name === own || !SENDING.test(name))) {
      indexedDB.deleteDatabase(name);
    }
  }
}

/** Files of one's own that are not sent yet are asked about before they are forgotten; then the form goes. */
async function askAndForget(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  if (localStorage.getItem(sendingMark()) !== null) {
    const { mayForget } = await import("../capture/sign_out");
    if (!(await mayForget())) {
      onShow();
      return;
    }
  }
  await Promise.race([forgetEverything(), new Promise((resolve) => setTimeout(resolve, FORGETTING_MS))]);
  if (keptOfOthers().length > 0) {
    const keeps = document.createElement("input");
    keeps.type = "hidden";
    keeps.name = "keeps_files";
    keeps.value = "1";
    form.append(keeps);
  }
  form.dataset.forgotten = "1";
  form.requestSubmit(submitter);
}

/** A form is sent once, however often its button is tapped over a slow link. */
function onSubmit(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) {
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.hasAttribute("data-forgets") && !form.dataset.forgotten) {
    event.preventDefault();
    if (!form.dataset.asking) {
      form.dataset.asking = "1";
      void askAndForget(form, event.submitter);
    }
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
}

/** Coming back to a page from the browser's memory: its forms may be sent again. */
function onShow(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent], form[data-asking]")) {
    delete form.dataset.sent;
    delete form.dataset.asking;
    delete form.dataset.forgotten;
    form.querySelector("[aria-disabled]")?.removeAttribute("aria-disabled");
  }
}

function start(): void {
  keepTimes();
  keepCounts();
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", onSubmit);
  window.addEventListener("pageshow", onShow);
  for (const button of document.querySelectorAll<HTMLElement>("[data-reveals]")) {
    button.hidden = false;
  }
  for (const button of document.querySelectorAll<HTMLElement>("[data-shares]")) {
    button.hidden = typeof navigator.share !== "function";
  }
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sends-itself]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-utc-offset]")) {
    input.value = String(new Date().getTimezoneOffset()); // the server's days then begin at the reader's midnight
  }
  for (const button of document.querySelectorAll<HTMLElement>("[data-goes-back]")) {
    button.hidden = history.length < 2;
  }
  document.querySelector<HTMLElement>("[data-error-summary]")?.focus();
  goOnSending();
}

/** Files that an earlier page left are sent from this one, whatever it shows. */
function goOnSending(): void {
  const wanted = document.querySelector("#pictures, #stage") !== null || localStorage.getItem(sendingMark()) !== null;
  if (owner() !== "" && wanted) {
    void import("../capture/background").then(({ sendInBackground }) => sendInBackground());
  }
}

start();
