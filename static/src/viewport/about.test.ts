import { describe, expect, it } from "vitest";
import { About, notesOf } from "./about";
import { parseManifest } from "./manifest";
import { manifestOf } from "./manifest_fixture";

const notes = {
  cautions: [{ code: "overlays", text: "Has drawings." }],
  advice: [{ code: "copy", text: "An 8-bit copy." }],
};

describe("what is said about a picture", () => {
  it("is nothing for a good one, whose mark stays away", () => {
    const about = new About();
    about.show(parseManifest(manifestOf()));
    expect(about.root.hidden).toBe(true);
  });

  it("puts first that the file names another patient, then what is wrong, then advice", () => {
    const hold = { state: "confirmed", fields: ["name"], by: "Dr Rao", reason: "Married name" };
    const said = notesOf(parseManifest(manifestOf({ ...notes, hold })));
    expect(said).toHaveLength(3);
    expect(said[0]).toContain("Married name");
    expect(said.slice(1)).toEqual(["Has drawings.", "An 8-bit copy."]);
  });

  it("says who measured the ruler that lengths are estimated by", () => {
    const scale = { points: [0, 0, 100, 0], length_mm: 50, by: "Dr Rao", at: "2026-11-26T02:00:00+00:00" };
    const [said] = notesOf(parseManifest(manifestOf({ scale })));
    expect(said).toBe("Lengths are estimated: Dr Rao measured a ruler of 50 mm in the picture.");
  });

  it("is counted, and read at a tap", () => {
    const about = new About();
    about.show(parseManifest(manifestOf(notes)));
    const button = about.root.querySelector("button");
    expect(button?.textContent).toBe("2 notes on this picture");
    expect(about.root.querySelector("ul")?.hidden).toBe(true);
    button?.click();
    expect(about.root.querySelector("ul")?.hidden).toBe(false);
    expect(button?.getAttribute("aria-expanded")).toBe("true");
  });
});
