import type { Call } from "../call/call";
import type { Rung } from "../call/ladder";
import { rungWords } from "../call/link_words";
import { KINDS, megabytes, type DataMeter, type Kind } from "../call/meter";
import { Sheet } from "../ui/sheet";
import { t } from "../ui/text";
import type { GivingWay } from "./giving_way";

const CHOICES: readonly (Rung | null)[] = [null, "picture", "small_picture", "stills", "voice"];
const DRAW_MS = 1_000;

function kindWords(kind: Kind): string {
  switch (kind) {
    case "voice":
      return t("Voice");
    case "video":
      return t("Video");
    case "images":
      return t("Pictures");
  }
}

/** What the call sends, as a choice, and what the consult has cost. */
class LinkSheet {
  private readonly sheet = new Sheet("link-sheet", t("Video and data"));
  private readonly costs = document.createElement("dl");
  private readonly month = document.createElement("p");
  private readonly radios = new Map<Rung | null, HTMLInputElement>();

  constructor(
    main: HTMLElement,
    private readonly call: Call,
    private readonly meter: DataMeter,
    private readonly way: GivingWay,
  ) {
    this.sheet.dialog.append(this.choices(), this.costs, this.month);
    main.append(this.sheet.dialog);
    setInterval(() => this.sheet.dialog.open && this.draw(), DRAW_MS);
  }

  open(): void {
    this.draw();
    this.sheet.dialog.showModal();
  }

  private choices(): HTMLElement {
    const group = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = t("What I send");
    group.append(legend);
    for (const rung of CHOICES) {
      const label = document.createElement("label");
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = "rung";
      radio.addEventListener("change", () => this.call.choose(rung));
      this.radios.set(rung, radio);
      label.append(radio, rung === null ? t("As the link allows") : rungWords(rung));
      group.append(label);
    }
    return group;
  }

  private draw(): void {
    const { chosen } = this.call.own;
    this.radios.forEach((radio, rung) => (radio.checked = rung === chosen));
    const { use } = this.meter;
    this.costs.replaceChildren(...KINDS.flatMap((kind) => row(kindWords(kind), use[kind])));
    const { account } = this.way;
    const limit = account?.month_limit ?? null;
    this.month.hidden = limit === null;
    if (account !== null && limit !== null) {
      const words = { used: megabytes(account.month), limit: megabytes(limit) };
      this.month.textContent = t("Your site this month: %(used)s of %(limit)s MB", words);
    }
  }
}

function row(words: string, bytes: number): HTMLElement[] {
  const name = document.createElement("dt");
  const value = document.createElement("dd");
  name.textContent = words;
  value.textContent = t("%(megabytes)s MB", { megabytes: megabytes(bytes) });
  return [name, value];
}

let sheet: LinkSheet | undefined;

/** The room's one sheet of this kind. */
export function openLinkSheet(main: HTMLElement, call: Call, meter: DataMeter, way: GivingWay): void {
  sheet ??= new LinkSheet(main, call, meter, way);
  sheet.open();
}
