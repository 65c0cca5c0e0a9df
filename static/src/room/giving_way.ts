import type { Call } from "../call/call";
import type { DataMeter, Use } from "../call/meter";
import { pace, WAITING, type Pace, type Strain } from "../call/pace";
import type { CaseQueue } from "../capture/page_queue";
import { t } from "../ui/text";
import type { DataUse } from "./data_use";

const LOOK_MS = 1_000;
const REPORT_MS = 15_000;
const WARNED_AT = 0.8;

export interface GivingWayOptions {
  readonly call: Call;
  readonly meter: DataMeter;
  /** What this device sends; null for those who may not add pictures. */
  readonly queue: CaseQueue | null;
  /** Tells the server what was spent; resolves with what stands to our account. */
  report(use: Use): Promise<DataUse>;
  openChat(): void;
  /** The link is too bad for long: somebody may want to leave the consult as a question. */
  offerQuestion(): void;
  say(sentence: string, kind: "info" | "warning"): void;
}

/**
 * Where the call's ladder meets the rest of the room: files and previews move with what the path leaves beside the
 * voice and stop first, written words take over where no voice gets through, and the site's data is looked after.
 */
export class GivingWay {
  /** What the server says stands to our account; null until it was heard. */
  account: DataUse | null = null;
  private now: Pace = WAITING;
  private told: number | null | undefined;
  private rung = "picture";
  private sentBefore = 0;
  private warned: "none" | "near" | "used_up" = "none";

  constructor(private readonly options: GivingWayOptions) {
    setInterval(() => this.look(), LOOK_MS);
    setInterval(() => void this.report(), REPORT_MS);
    addEventListener("pagehide", () => this.release());
    this.countPictures();
    void this.report();
  }

  /** Tells the server what was spent, and asks what is left. */
  async report(): Promise<void> {
    const use = this.options.meter.take();
    try {
      this.account = await this.options.report(use);
    } catch {
      this.options.meter.giveBack(use); // no line: it goes with the next
      return;
    }
    this.keepToAccount(this.account);
  }

  private look(): void {
    const { call, queue } = this.options;
    const members = call.state.kind === "in" ? call.memberViews : [];
    this.countSent();
    this.followRung(members.map(({ rung }) => rung));
    if (members.length === 0) {
      this.now = WAITING;
      this.tell(null);
      return;
    }
    const worst: Strain = {
      queue: Math.max(...members.map(({ strain }) => strain.queue)),
      concealed: Math.max(...members.map(({ strain }) => strain.concealed)),
      broken: members.some(({ strain }) => strain.broken),
    };
    this.now = pace(this.now, worst);
    if (queue !== null) {
      this.tell(this.now.rate);
    }
  }

  private followRung(rungs: readonly string[]): void {
    const rung = rungs.find((one) => one === "question") ?? rungs.find((one) => one === "text") ?? "";
    if (rung !== this.rung) {
      this.rung = rung;
      if (rung === "text") {
        this.options.openChat();
      } else if (rung === "question") {
        this.options.offerQuestion();
      }
    }
  }

  /** `null`: as fast as the line goes, for nobody talks. */
  private tell(rate: number | null): void {
    const whole = this.options.queue?.whole;
    if (!whole || rate === this.told) {
      return;
    }
    if (rate === 0) {
      whole.pause();
    } else {
      whole.pace(rate);
      if (this.told === 0) {
        whole.resume();
      }
    }
    this.told = rate;
  }

  private release(): void {
    const whole = this.options.queue?.whole;
    if (whole && this.told !== undefined && this.told !== null) {
      whole.resume();
      whole.pace(null);
    }
  }

  private countSent(): void {
    const sent = (this.options.queue?.transfers ?? []).reduce((sum, one) => sum + one.sent, 0);
    this.options.meter.add("images", sent - this.sentBefore);
    this.sentBefore = sent;
  }

  private countPictures(): void {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        if (new URL(entry.name).pathname.startsWith("/imaging/")) {
          this.options.meter.add("images", entry.transferSize);
        }
      }
    }).observe({ type: "resource", buffered: true });
  }

  private keepToAccount({ saver, month, month_limit: limit }: DataUse): void {
    const share = limit === null ? 0 : month / limit;
    const isUsedUp = share >= 1;
    this.options.call.setCeiling(isUsedUp ? { rung: "voice", firm: true } : { rung: saver ? "stills" : "picture", firm: false });
    const warned = isUsedUp ? "used_up" : share >= WARNED_AT ? "near" : "none";
    if (warned !== this.warned) {
      this.warned = warned;
      if (warned === "used_up") {
        this.options.say(t("Your site's data for this month is used up. The call goes on with voice."), "warning");
      } else if (warned === "near") {
        const percent = Math.floor(share * 100);
        this.options.say(t("Your site has used %(percent)s %% of its data for this month.", { percent }), "warning");
      }
    }
  }
}
