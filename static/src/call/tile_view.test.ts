import { expect, test } from "vitest";
import { linkSummary } from "./summary";
import type { MemberView } from "./member";
import { initials, PersonTile } from "./tile_view";

const MEMBER: MemberView = {
  participantId: "asha",
  connection: "connected",
  audio: true,
  video: false,
  pictureMoving: true,
  frozenSince: null,
  camera: null,
  level: 0,
  stream: null,
  goneSince: null,
  paused: false,
  rung: "picture",
      theirRung: null,
      still: null,
      strain: { queue: 0, concealed: 0, broken: false },
  way: "direct",
  sample: null,
};

test.each([
  ["Dr Asha Rao", "AR"],
  ["Asha", "A"],
  ["Prof. Bela van den Berg", "BB"],
  ["आशा राव", "आरा"],
  ["", ""],
])("%s is shortened to %s", (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test.each([
  [{}, "quiet", ""],
  [{ audio: false }, "muted", "muted"],
  [{ connection: "weak" as const }, "weak", "weak link"],
  [{ connection: "reconnecting" as const, audio: false }, "reconnecting", "reconnecting"],
  [{ connection: "failed" as const }, "reconnecting", "reconnecting"],
  [{ connection: "connecting" as const }, "quiet", "connecting"],
])("%o is told by shape and by word", (changes, mood, word) => {
  const tile = new PersonTile("asha", () => {});
  tile.draw({ ...MEMBER, ...changes }, { name: "Dr Asha Rao", role: "specialist" });
  expect(tile.element.dataset.mood).toBe(mood);
  expect(tile.element.querySelector(".call-word")?.textContent).toBe(word);
  expect(tile.element.title).toBe("Dr Asha Rao, specialist");
  expect(tile.element.textContent).toMatch(new RegExp(`Dr Asha Rao ${word}, specialist, Show larger$`));
});

test("someone who is heard is speaking, unless they are muted", () => {
  const tile = new PersonTile("asha", () => {});
  tile.draw(MEMBER, { name: "Dr Asha Rao", role: "" });
  tile.setLevel(0.3);
  expect(tile.element.dataset.mood).toBe("speaking");
  tile.draw({ ...MEMBER, audio: false }, { name: "Dr Asha Rao", role: "" });
  expect(tile.element.dataset.mood).toBe("muted");
});

test("the worst link is the one that is told", () => {
  expect(linkSummary([])).toBeNull();
  expect(linkSummary([MEMBER])?.state).toBe("good");
  expect(linkSummary([MEMBER, { ...MEMBER, connection: "weak", paused: true }])).toMatchObject({
    state: "weak",
    paused: true,
  });
  expect(linkSummary([{ ...MEMBER, goneSince: 9 }, { ...MEMBER, goneSince: 5 }])).toMatchObject({
    state: "gone",
    goneSince: 5,
  });
});

test("a picture that stands still says how old it is and is still shown", () => {
  const tile = new PersonTile("asha", () => {});
  const frozen = { ...MEMBER, video: true, pictureMoving: false, stream: {} as MediaStream };
  const since = Date.now() - 12_300;
  tile.draw({ ...frozen, frozenSince: since }, { name: "Asha", role: "" });
  expect(tile.element.querySelector(".call-word")!.textContent).toBe("12 s old");
  expect(tile.subject()).toMatchObject({ hasPicture: true, frozenSince: since });
  tile.draw({ ...frozen, frozenSince: null }, { name: "Asha", role: "" });
  expect(tile.subject().hasPicture).toBe(false); // it never came
});
