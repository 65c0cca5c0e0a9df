/** Patients: the guardian's fields appear as soon as the age says that one is needed. */
import "../styles/consult.css";

function field(form: HTMLFormElement, name: string): string {
  return form.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value.trim() ?? "";
}

/** Years from a birth date typed as YYYY-MM-DD, or undefined. */
function yearsSince(born: string): number | undefined {
  const date = new Date(`${born}T00:00:00`);
  if (Number.isNaN(date.getTime())) {
    return undefined;
  }
  const now = new Date();
  const early = now.getMonth() < date.getMonth() || (now.getMonth() === date.getMonth() && now.getDate() < date.getDate());
  return now.getFullYear() - date.getFullYear() - (early ? 1 : 0);
}

function isMinor(form: HTMLFormElement): boolean {
  const adultAt = Number(form.dataset.adultAt);
  const age = field(form, "age");
  const years = yearsSince(field(form, "birth_date")) ?? (/^\d{1,3}$/.test(age) ? Number(age) : undefined);
  return years !== undefined && years >= 0 && years < adultAt;
}

function start(): void {
  const form = document.getElementById("register");
  const guardian = form?.querySelector<HTMLElement>("[data-guardian]");
  if (!(form instanceof HTMLFormElement) || !guardian) {
    return;
  }
  const update = (): void => {
    guardian.hidden = !isMinor(form);
  };
  form.addEventListener("input", update);
  update();
}

start();
