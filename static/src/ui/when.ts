import { t } from "./text";

export type TimeStyle = "when" | "since" | "day" | "full";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const REFRESH_MS = 15_000;

function language(): string {
  return document.documentElement.lang || "en";
}

function format(moment: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(`${language()}-IN`, { hourCycle: "h23", ...options }).format(moment);
}

const clock = (moment: Date): string => format(moment, { hour: "2-digit", minute: "2-digit" });
const day = (moment: Date): string => format(moment, { day: "numeric", month: "short", year: "numeric" });

/** A length of time in words, coarser as it grows: "40 s", "7 min", "2 h 5 min", "3 days". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) {
    return t("%(count)s s", { count: whole });
  }
  if (whole < HOUR) {
    return t("%(count)s min", { count: Math.floor(whole / MINUTE) });
  }
  if (whole < DAY) {
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    const hours = Math.floor(whole / HOUR);
    return minutes ? t("%(hours)s h %(minutes)s min", { hours, minutes }) : t("%(count)s h", { count: hours });
  }
  const days = Math.floor(whole / DAY);
  return days === 1 ? t("1 day") : t("%(count)s days", { count: days });
}

function midnight(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

/** A past moment as people say it, in the reader's own time: "just now", "7 min ago", "14:05", "yesterday 16:20", a date. */
export function when(moment: Date, now: Date): string {
  const seconds = (now.getTime() - moment.getTime()) / 1000;
  if (seconds >= -MINUTE && seconds < MINUTE) {
    return t("just now");
  }
  if (seconds >= 0 && seconds < HOUR) {
    return t("%(time)s ago", { time: duration(seconds) });
  }
  const days = Math.round((midnight(now) - midnight(moment)) / (DAY * 1000));
  if (days === 0) {
    return t("today %(time)s", { time: clock(moment) });
  }
  if (days === 1) {
    return t("yesterday %(time)s", { time: clock(moment) });
  }
  return t("%(day)s, %(time)s", { day: day(moment), time: clock(moment) });
}

/** What a `<time data-time="...">` of the server's pages shows. */
export function say(moment: Date, style: TimeStyle, now: Date): string {
  switch (style) {
    case "when":
      return when(moment, now);
    case "since":
      return duration((now.getTime() - moment.getTime()) / 1000);
    case "day":
      return day(moment);
    case "full":
      return t("%(day)s, %(time)s", { day: day(moment), time: clock(moment) });
  }
}

function isStyle(value: string | undefined): value is TimeStyle {
  return value === "when" || value === "since" || value === "day" || value === "full";
}

/** Says every `<time datetime data-time>` below `root` in the reader's own time. */
export function localiseTimes(root: ParentNode, now: Date = new Date()): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-time]")) {
    const moment = new Date(element.dateTime);
    const style = element.dataset.time;
    if (Number.isNaN(moment.getTime()) || !isStyle(style)) {
      continue;
    }
    const words = say(moment, style, now);
    if (element.textContent !== words) {
      element.textContent = words;
    }
    element.title = say(moment, "full", now);
  }
}

/** Says the page's times now, and again as they pass. */
export function keepTimes(): void {
  localiseTimes(document);
  setInterval(() => localiseTimes(document), REFRESH_MS);
}
