import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../ui/api";
import { Autosave, type Edit, type FieldState, type Saved } from "./autosave";

let answers: ((edit: Edit) => Promise<Saved>)[];
let sent: Edit[];
let states: string[];
let save: Autosave;

const accept = (edit: Edit): Promise<Saved> =>
  Promise.resolve({ value: edit.value, version: `after-${edit.value}`, saved_at: "2026-11-22T06:34:00Z" });
const refuse = (code: string) => (): Promise<Saved> => Promise.reject(new ApiError(code, `words for ${code}`));

function last(): FieldState | undefined {
  return lastState;
}
let lastState: FieldState | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  sent = [];
  states = [];
  lastState = undefined;
  save = new Autosave({
    save: (edit) => {
      sent.push(edit);
      return (answers.shift() ?? accept)(edit);
    },
    read: () => Promise.resolve({ value: "theirs", version: "their-version" }),
  });
  save.know("complaint", "", "v0");
  save.know("history", "", "h0");
  save.onState((field, state) => {
    states.push(`${field}:${state.kind}`);
    lastState = state;
  });
});

test("typing is sent once it pauses, over the version that was seen", async () => {
  save.edit("complaint", "co");
  vi.advanceTimersByTime(300);
  save.edit("complaint", "cough");
  await vi.advanceTimersByTimeAsync(699);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual([{ field: "complaint", value: "cough", version: "v0", sure: false }]);
  expect(last()).toEqual({ kind: "saved", at: "2026-11-22T06:34:00Z", value: "cough" });
  expect(save.unsaved).toBe(false);
});

test("the next save builds on the version that the last one made", async () => {
  save.edit("complaint", "cough");
  await save.flush();
  save.edit("complaint", "cough, fever");
  await save.flush();
  expect(sent[1]?.version).toBe("after-cough");
});

test("what is typed while a save is under way is sent after it", async () => {
  answers.push((edit) => {
    save.edit("complaint", "cough, fever");
    return accept(edit);
  });
  save.edit("complaint", "cough");
  expect(await save.flush()).toBe(true);
  expect(sent.map((edit) => edit.value)).toEqual(["cough", "cough, fever"]);
});

describe("without a link", () => {
  test("nothing is lost: it is tried again by itself", async () => {
    answers.push(refuse("offline"), refuse("timeout"));
    save.edit("complaint", "cough");
    expect(await save.flush()).toBe(false);
    expect(last()).toEqual({ kind: "offline" });
    await vi.advanceTimersByTimeAsync(2000 + 4000);
    expect(sent).toHaveLength(3);
    expect(save.unsaved).toBe(false);
  });

  test("the network's return is not waited for", async () => {
    answers.push(refuse("offline"));
    save.edit("complaint", "cough");
    await save.flush();
    save.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(save.unsaved).toBe(false);
  });
});

test("a refused field says why and does not keep the others from being saved", async () => {
  answers.push(refuse("invalid"));
  save.edit("complaint", "x");
  save.edit("history", "never smoked");
  expect(await save.flush()).toBe(false);
  expect(states).toContain("history:saved");
  expect(save.stuck).toBe(true);
  save.edit("complaint", "cough");
  expect(await save.flush()).toBe(true);
});

test("a doubted value is sent as certain once the person says so", async () => {
  answers.push(refuse("is_this_right"));
  save.edit("complaint", "72");
  await save.flush();
  expect(last()).toEqual({ kind: "doubtful", words: "words for is_this_right" });
  save.confirm("complaint");
  await save.flush();
  expect(sent[1]).toMatchObject({ value: "72", sure: true });
});

describe("somebody else's change", () => {
  beforeEach(async () => {
    answers.push(refuse("changed_elsewhere"));
    save.edit("complaint", "mine");
    await save.flush();
  });

  test("is shown, and nothing is overwritten unasked", () => {
    expect(last()).toEqual({ kind: "elsewhere", theirs: "theirs" });
    expect(sent).toHaveLength(1);
  });

  test("is replaced when the person wants theirs kept", async () => {
    await save.keepMine("complaint");
    await save.flush();
    expect(sent[1]).toMatchObject({ value: "mine", version: "their-version" });
  });

  test("is taken when the person prefers it", async () => {
    expect(await save.takeTheirs("complaint")).toBe("theirs");
    expect(save.unsaved).toBe(false);
    save.edit("complaint", "theirs and mine");
    await save.flush();
    expect(sent[1]?.version).toBe("their-version");
  });
});
