import type { Clock } from "./clock";
import type { MemberView } from "./member";
import type { CallConnection, LinkQuality } from "./signals";

export const REPORT_MS = 15_000;

export interface QualityOptions {
  readonly connection: CallConnection;
  readonly clock: Clock;
  members(): readonly MemberView[];
}

/** Tells the server now and then how the links are, and at once when one cannot be made. */
export class QualityReports {
  private stop: () => void = () => undefined;
  private readonly failed = new Set<string>();
  private readonly met = new Set<string>();

  constructor(private readonly options: QualityOptions) {}

  begin(): void {
    this.failed.clear();
    this.met.clear();
    this.stop = this.options.clock.every(REPORT_MS, () => this.report(this.options.members()));
  }

  end(): void {
    this.stop();
  }

  /** Something about the members changed: a link that is given up is told at once, for the page may be closed next. */
  changed(): void {
    const members = this.options.members();
    members.filter(({ connection }) => connection !== "failed").forEach((one) => this.failed.delete(one.participantId));
    members.filter(({ sample }) => sample !== null).forEach((one) => this.met.add(one.participantId));
    const lost = members.filter((one) => one.connection === "failed" && !this.failed.has(one.participantId));
    lost.forEach((one) => this.failed.add(one.participantId));
    this.report(lost);
  }

  private report(members: readonly MemberView[]): void {
    const links = members.flatMap((member) => this.quality(member) ?? []);
    if (links.length > 0) {
      // Lost with the line to the server: the next report says how it is then.
      void this.options.connection.request("report_quality", { links }).catch(() => undefined);
    }
  }

  private quality(member: MemberView): LinkQuality | null {
    const { sample } = member;
    const link = this.word(member);
    if (link === null) {
      return null;
    }
    const count = (value: number | undefined): number => Math.max(0, Math.round(value ?? 0));
    const share = (value: number | undefined): number => Math.min(1, Math.max(0, value ?? 0));
    return {
      other: member.participantId,
      link,
      path: member.way === "relay" ? "relay" : sample?.relayed ? "turn" : "direct",
      rung: member.rung,
      loss_in: share(sample?.lossIn),
      loss_out: share(sample?.lossOut),
      concealed: share(sample?.concealed),
      round_trip: sample?.roundTrip ?? null,
      jitter: sample?.jitter ?? null,
      voice_in: count(sample?.voiceIn),
      voice_out: count(sample?.voiceOut),
      picture_in: count(sample?.pictureIn),
      picture_out: count(sample?.pictureOut),
    };
  }

  private word({ connection, participantId, sample }: MemberView): LinkQuality["link"] | null {
    if (connection === "failed" || connection === "reconnecting") {
      return this.met.has(participantId) ? "lost" : "no_path";
    }
    if (connection === "connecting" || sample === null) {
      return null; // nothing to say yet
    }
    return connection === "weak" ? "weak" : "good";
  }
}
