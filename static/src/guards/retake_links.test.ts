import { afterEach, describe, expect, test, vi } from "vitest";
import type { Transfer } from "../capture/transfer";
import { ApiError } from "../ui/api";
import { type Queue, RetakeLinks } from "./retake_links";

const FILE = new File(["x"], "lateral.jpg", { lastModified: 7 });

class FakeQueue implements Queue {
  transfers: Transfer[] = [];
  private handler = (): void => undefined;

  add(): Promise<void> {
    return Promise.resolve();
  }

  onChange(handler: () => void): () => void {
    this.handler = handler;
    return () => undefined;
  }

  opened(uploadId: string | null): void {
    const { name, size, lastModified } = FILE;
    this.transfers = [{ key: "k", caseId: "c", name, size, lastModified, sent: 0, state: "sending", reason: null, uploadId, face: null, noPreview: null, kept: true }];
    this.handler();
  }
}

afterEach(() => localStorage.clear());

describe("files for a view that was asked for", () => {
  test("are told to the server as soon as they have a name there, once", async () => {
    const queue = new FakeQueue();
    const link = vi.fn(() => Promise.resolve());
    const links = new RetakeLinks("c", queue, () => undefined, link);
    await links.send("r", [{ file: FILE }]);
    queue.opened(null);
    expect(links.count("r")).toBe(1);
    expect(link).not.toHaveBeenCalled();
    queue.opened("u");
    await vi.waitFor(() => expect(links.count("r")).toBe(0));
    queue.opened("u");
    expect(link.mock.calls).toEqual([["r", "u"]]);
  });

  test("are told after a reload when the link was gone before", async () => {
    const queue = new FakeQueue();
    const offline = vi.fn(() => Promise.reject(new ApiError("offline", "No link.")));
    await new RetakeLinks("c", queue, () => undefined, offline).send("r", [{ file: FILE }]);
    queue.opened("u");
    await vi.waitFor(() => expect(offline).toHaveBeenCalled());
    const link = vi.fn(() => Promise.resolve());
    const again = new RetakeLinks("c", queue, () => undefined, link);
    await vi.waitFor(() => expect(again.count("r")).toBe(0));
    expect(link.mock.calls).toEqual([["r", "u"]]);
  });

  test("are told from a device too full to write them down", async () => {
    const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("no room", "QuotaExceededError");
    });
    const queue = new FakeQueue();
    const link = vi.fn(() => Promise.resolve());
    const links = new RetakeLinks("c", queue, () => undefined, link);
    await links.send("r", [{ file: FILE }]);
    queue.opened("u");
    await vi.waitFor(() => expect(links.count("r")).toBe(0));
    full.mockRestore();
    expect(link.mock.calls).toEqual([["r", "u"]]);
  });

  test("are forgotten when the request was taken back meanwhile", async () => {
    const queue = new FakeQueue();
    const refused = vi.fn(() => Promise.reject(new ApiError("conflict", "It has ended.")));
    const links = new RetakeLinks("c", queue, () => undefined, refused);
    await links.send("r", [{ file: FILE }]);
    queue.opened("u");
    await vi.waitFor(() => expect(links.count("r")).toBe(0));
  });
});
