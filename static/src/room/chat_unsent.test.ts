import { beforeEach, expect, test } from "vitest";
import type { Transfer } from "../capture/transfer";
import { CommandError } from "../realtime/errors";
import type { ChatEntry, SendMessage, SentMessage } from "../realtime/protocol";
import { ChatEntries, type ChatPage } from "./chat_entries";
import { Unsent, type UnsentMessage } from "./chat_unsent";

const kept = new Map<string, UnsentMessage>();
let sent: SendMessage[] = [];
let told: SentMessage[] = [];
let refuse: (message: SendMessage) => CommandError | null = () => null;
let transfers: Transfer[] = [];
let timers: (() => void)[] = [];

const store = {
  all: () => Promise.resolve([...kept.values()]),
  put: (message: UnsentMessage) => Promise.resolve(void kept.set(message.clientId, message)),
  remove: (id: string) => Promise.resolve(void kept.delete(id)),
};

function entry(id: number, clientId = String(id)): ChatEntry {
  return { id, client_id: clientId, participant_id: "me", name: "A", role: "specialist", text: "", attachment: null, sent_at: id };
}

function unsent(): Unsent {
  return new Unsent({
    store,
    send: (message) => {
      const refusal = refuse(message);
      if (refusal) {
        return Promise.reject(refusal);
      }
      sent.push(message);
      return Promise.resolve({ message: entry(sent.length, message.client_id) });
    },
    transfers: () => transfers,
    sent: (reply) => void told.push(reply),
    later: (_ms, act) => void timers.push(act),
  });
}

function written(clientId: string, file: UnsentMessage["file"] = null): UnsentMessage {
  return { clientId, text: `text ${clientId}`, writtenAt: Number(clientId), file, refusal: null };
}

const transfer = (uploadId: string | null): Transfer => ({
  key: "k", caseId: "c", name: "a.jpg", size: 1, lastModified: 0, sent: 0, state: "sending", reason: null, uploadId, face: null, noPreview: null, kept: true,
});

beforeEach(() => {
  kept.clear();
  [sent, told, transfers, timers] = [[], [], [], []];
  refuse = () => null;
});

test("what is written while the link is gone is kept, and goes once and in order when it is back", async () => {
  const offline = unsent();
  refuse = () => new CommandError("offline", "gone");
  await offline.add(written("1"));
  await offline.add(written("2"));
  expect([...kept.keys()]).toEqual(["1", "2"]);
  expect(offline.all).toHaveLength(2);

  const nextPage = unsent(); // the tablet was closed and opened again
  refuse = () => null;
  await nextPage.load();
  await expect.poll(() => sent.map((one) => one.client_id)).toEqual(["1", "2"]);
  await expect.poll(() => kept.size).toBe(0);
  await nextPage.pump();
  expect(sent).toHaveLength(2);
  expect(told.map((one) => one.message.client_id)).toEqual(["1", "2"]);
});

test("an answer that was lost leaves the message to be sent again under the same name", async () => {
  const page = unsent();
  refuse = (message) => {
    sent.push(message);
    return new CommandError("timeout", "slow");
  };
  await page.add(written("1"));
  refuse = () => null;
  timers.splice(0).forEach((act) => act());
  await expect.poll(() => page.all.length).toBe(0);
  expect(sent.map((one) => one.client_id)).toEqual(["1", "1"]);
});

test("too many at once are slowed down, and what the server will not have does not hold up the rest", async () => {
  const page = unsent();
  let first = true;
  refuse = (message) => {
    if (message.client_id === "2") {
      return new CommandError("consult_ended", "This consult has ended.");
    }
    const slow = first;
    first = false;
    return slow ? new CommandError("too_many", "wait") : null;
  };
  await page.add(written("1"));
  expect(timers).toHaveLength(1);
  void page.add(written("2"));
  await page.add(written("3"));
  timers.splice(0).forEach((act) => act());
  await expect.poll(() => sent.map((one) => one.client_id)).toEqual(["1", "3"]);
  expect(page.all.map((one) => one.refusal)).toEqual(["This consult has ended."]);
  expect(kept.get("2")?.refusal).toBe("This consult has ended.");
});

test("a picture's message waits for the server's name for its file, also when the queue has forgotten the file", async () => {
  const page = unsent();
  transfers = [transfer(null)];
  await page.add(written("1", { key: "k", name: "a.jpg", uploadId: null }));
  await page.add(written("2"));
  expect(sent.map((one) => one.client_id)).toEqual(["2"]);
  refuse = () => new CommandError("offline", "gone");
  transfers = [transfer("u")];
  await page.pump();
  transfers = [];
  refuse = () => null;
  await page.pump();
  expect(sent.at(-1)).toEqual({ client_id: "1", text: "text 1", upload_id: "u" });
});

test("a gap of more than a page is read until it meets what is known", async () => {
  const everything = Array.from({ length: 12 }, (_, at) => entry(at + 1));
  let upTo = 3;
  const read = (before: number | null): Promise<ChatPage> => {
    const some = everything.filter((one) => one.id <= upTo && (before === null || one.id < before));
    return Promise.resolve({ messages: some.slice(-3), earlier: some.length > 3 });
  };
  const entries = new ChatEntries(read);
  await entries.catchUp();
  expect(entries.earlier).toBe(false);
  upTo = 12;
  const added: number[] = [];
  entries.onChange((news) => added.push(...news.map((one) => one.id)));
  await entries.catchUp();
  expect(entries.all.map((one) => one.id)).toEqual(everything.map((one) => one.id));
  expect(added).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
  entries.take([entry(12)]);
  expect(added).toHaveLength(9);
});
