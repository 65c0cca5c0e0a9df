import { t } from "../ui/text";
import { pageQueue } from "./page_queue";

/** Asks before unsent files are forgotten with the rest; resolves to whether to sign out. Forgets them when it is yes. */
export async function mayForget(): Promise<boolean> {
  const queue = await pageQueue();
  const count = queue.unsent.length;
  if (count > 0 && !(await asked(count))) {
    return false;
  }
  await queue.forget();
  return true;
}

function asked(count: number): Promise<boolean> {
  const dialog = document.createElement("dialog");
  const article = document.createElement("article");
  const title = document.createElement("h2");
  const words = document.createElement("p");
  const actions = document.createElement("div");
  title.textContent = count === 1 ? t("1 file is not sent yet") : t("%(count)s files are not sent yet", { count });
  words.textContent = t("If you sign out now they are deleted from this device. Stay signed in to let them arrive first.");
  actions.className = "actions";
  const stay = choice(t("Stay signed in"), "");
  const leave = choice(t("Sign out and delete them"), "danger");
  actions.append(leave, stay);
  article.append(title, words, actions);
  dialog.append(article);
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
  return new Promise((resolve) => {
    const end = (answer: boolean): void => {
      dialog.remove();
      resolve(answer);
    };
    stay.addEventListener("click", () => end(false));
    leave.addEventListener("click", () => end(true));
    dialog.addEventListener("cancel", () => end(false));
  });
}

function choice(words: string, className: string): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = className;
  button.textContent = words;
  return button;
}
