import { beforeEach, expect, test } from "vitest";
import { FakeClock, FakeConnection, settle } from "./fakes";
import type { MemberView } from "./member";
import { QualityReports, REPORT_MS } from "./quality";

const SAMPLE = {
  lossIn: 0.02,
  lossOut: 0.3,
  concealed: 0,
  roundTrip: 640,
  jitter: 12,
  voiceIn: 24_000.4,
  voiceOut: 20_000,
  pictureIn: 0,
  pictureOut: 80_000,
  relayed: true,
};

let clock: FakeClock;
let connection: FakeConnection;
let members: MemberView[];
let reports: QualityReports;

beforeEach(() => {
  clock = new FakeClock();
  connection = new FakeConnection();
  connection.answer = () => ({});
  members = [];
  reports = new QualityReports({ connection: connection.as(), clock, members: () => members });
  reports.begin();
});

function member(changes: object): MemberView {
  return { participantId: "asha", connection: "connected", sample: SAMPLE, way: "direct", rung: "voice", ...changes } as never;
}

function links(): Record<string, unknown>[] {
  return connection.named("report_quality").flatMap(({ links: sent }) => sent as Record<string, unknown>[]);
}

test("every link is told four times a minute, in a word and in figures", async () => {
  members = [member({ connection: "weak" }), member({ participantId: "bela", way: "relay", sample: { ...SAMPLE, relayed: false } })];
  await clock.pass(REPORT_MS);
  expect(links()).toMatchObject([
    { other: "asha", link: "weak", path: "turn", rung: "voice", loss_out: 0.3, round_trip: 640, voice_in: 24_000 },
    { other: "bela", link: "good", path: "relay" },
  ]);
  await clock.pass(REPORT_MS);
  expect(links()).toHaveLength(4);
});

test("what is not known yet is not told", async () => {
  members = [member({ connection: "connecting", sample: null })];
  await clock.pass(REPORT_MS * 3);
  expect(links()).toEqual([]);
});

test("a link that never came to be is told at once, and once", async () => {
  members = [member({ connection: "failed", sample: null })];
  reports.changed();
  reports.changed();
  await settle();
  expect(links()).toMatchObject([{ link: "no_path" }]);
});

test("a link that was there and is given up is a lost one, each time anew", async () => {
  members = [member({})];
  reports.changed();
  members = [member({ connection: "failed" })];
  reports.changed();
  members = [member({})];
  reports.changed();
  members = [member({ connection: "failed" })];
  reports.changed();
  await settle();
  expect(links().map(({ link }) => link)).toEqual(["lost", "lost"]);
});

test("nothing is told after the call", async () => {
  members = [member({})];
  reports.end();
  await clock.pass(REPORT_MS * 2);
  expect(links()).toEqual([]);
});
