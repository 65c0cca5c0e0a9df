import { expect, test } from "vitest";
import { FakeClock } from "./fakes";

test("a clock that stands still runs what falls due, in its order", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.after(20, () => ran.push("late"));
  clock.after(10, () => ran.push("early"));
  const stop = clock.every(8, () => ran.push("again"));
  await clock.pass(20);
  stop();
  await clock.pass(100);
  expect(ran).toEqual(["again", "early", "again", "late"]);
});
