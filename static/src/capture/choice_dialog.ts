/** A question with two answers that says what each does. Resolves to true for `yes`. */
export function askChoice(title: string, words: string, yes: { words: string; danger?: boolean }, no: string): Promise<boolean> {
  const dialog = document.createElement("dialog");
  const article = document.createElement("article");
  const heading = document.createElement("h2");
  const paragraph = document.createElement("p");
  const actions = document.createElement("div");
  heading.textContent = title;
  heading.id = "choice-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  paragraph.textContent = words;
  actions.className = "actions";
  const stay = button(no, yes.danger ? "" : "quiet");
  const go = button(yes.words, yes.danger ? "danger" : "");
  actions.append(...(yes.danger ? [go, stay] : [stay, go]));
  article.append(heading, paragraph, actions);
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
    go.addEventListener("click", () => end(true));
    dialog.addEventListener("cancel", () => end(false));
  });
}

function button(words: string, className: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.textContent = words;
  return made;
}
