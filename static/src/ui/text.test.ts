import { beforeEach, describe, expect, test } from "vitest";
import { reloadCatalogue, t } from "./text";

function page(catalogue: string): void {
  const script = document.createElement("script");
  script.type = "application/json";
  script.id = "catalogue";
  script.textContent = catalogue;
  document.body.replaceChildren(script);
  reloadCatalogue();
}

describe("t", () => {
  beforeEach(() => {
    document.body.replaceChildren();
    reloadCatalogue();
  });

  test("gives the English sentence where no catalogue is on the page", () => {
    expect(t("Leave the call")).toBe("Leave the call");
  });

  test("gives the catalogue's sentence", () => {
    page(JSON.stringify({ "Leave the call": "कॉल छोड़ें" }));
    expect(t("Leave the call")).toBe("कॉल छोड़ें");
    expect(t("Another")).toBe("Another");
  });

  test("fills placeholders, in the translation's own order", () => {
    page(JSON.stringify({ "%(name)s drew %(count)s lines": "%(count)s रेखाएँ: %(name)s" }));
    expect(t("%(name)s drew %(count)s lines", { name: "Asha", count: 3 })).toBe("3 रेखाएँ: Asha");
  });

  test("leaves a placeholder without a value visible and unescapes a percent sign", () => {
    expect(t("%(done)s %% of %(all)s", { done: 40 })).toBe("40 % of %(all)s");
  });

  test("does not take the page down with a broken catalogue", () => {
    page("{not json");
    expect(t("Leave the call")).toBe("Leave the call");
    page('{"Leave the call": 5}');
    expect(t("Leave the call")).toBe("Leave the call");
  });
});
