// @vitest-environment node
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CommandError, Connection, type LinkState } from "./connection";

type Ack = (answer: unknown) => void;

let http: HttpServer;
let server: Server;
let port = 0;
let open: Connection[] = [];
let answers: Record<string, (socket: Socket, message: unknown, ack: Ack) => void> = {};
let refuse: { code: string; message: string } | undefined;

async function start(): Promise<void> {
  http = createServer();
  server = new Server(http, { serveClient: false });
  server.use((_socket, next) => {
    next(refuse ? Object.assign(new Error("refused"), { data: refuse }) : undefined);
  });
  server.on("connection", (socket) => {
    socket.onAny((name: string, message: unknown, ack: Ack) => answers[name]?.(socket, message, ack));
  });
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  port = (http.address() as AddressInfo).port;
}

async function stop(): Promise<void> {
  await server.close();
}

function connection(options: ConstructorParameters<typeof Connection>[0] = {}): Connection {
  const made = new Connection({ url: `http://127.0.0.1:${port}`, ...options });
  open.push(made);
  return made;
}

function becomes(link: Connection, status: LinkState["status"]): Promise<LinkState> {
  return new Promise((resolve) => {
    link.onStatus((state) => {
      if (state.status === status) {
        resolve(state);
      }
    });
  });
}

async function refusal(promise: Promise<unknown>): Promise<CommandError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CommandError);
  return error as CommandError;
}

beforeEach(async () => {
  port = 0;
  answers = {};
  refuse = undefined;
  await start();
});

afterEach(async () => {
  open.forEach((link) => link.close());
  open = [];
  await stop();
});

describe("commands and facts", () => {
  test("a command's reply comes back without its ok, and bytes come back as Uint8Array", async () => {
    answers.sync_stage = (_socket, message, ack) => {
      const { state_vector: vector } = message as { state_vector: Uint8Array };
      ack({ ok: true, update: Buffer.from([...vector, 9]), state_vector: vector });
    };
    const link = connection();
    link.open();
    await becomes(link, "up");
    const reply = await link.request("sync_stage", { state_vector: new Uint8Array([1, 2]) });
    expect(Object.keys(reply).sort()).toEqual(["state_vector", "update"]);
    expect([...reply.update]).toEqual([1, 2, 9]);
    expect(reply.update).toBeInstanceOf(Uint8Array);
  });

  test("the server's refusal is a CommandError with its code, sentence and field", async () => {
    answers.join_worklist = (_socket, _message, ack) =>
      ack({ ok: false, error: { code: "invalid", message: "Not a number.", field: "points" } });
    const link = connection();
    link.open();
    await becomes(link, "up");
    expect(await refusal(link.request("join_worklist", {}))).toMatchObject({
      code: "invalid",
      message: "Not a number.",
      field: "points",
    });
  });

  test("a command before the connection, or cut off by its end, rejects as offline", async () => {
    const link = connection();
    expect((await refusal(link.request("join_worklist", {}))).code).toBe("offline");
    answers.join_worklist = (socket) => socket.disconnect(true);
    link.open();
    await becomes(link, "up");
    expect((await refusal(link.request("join_worklist", {}))).code).toBe("offline");
  });

  test("a command without an answer rejects as timeout", async () => {
    const link = connection({ requestTimeOut: 30 });
    link.open();
    await becomes(link, "up");
    expect((await refusal(link.request("join_worklist", {}))).code).toBe("timeout");
  });

  test("a fact reaches its handler until that is taken off", async () => {
    const link = connection();
    const heard: string[] = [];
    const stopHearing = link.on("stage_updated", ({ by }) => heard.push(by));
    const moved = new Promise<void>((resolve) => link.on("moved_elsewhere", () => resolve()));
    link.open();
    await becomes(link, "up");
    server.emit("stage_updated", { update: Buffer.from([1]), by: "first" });
    server.emit("moved_elsewhere", {});
    await moved;
    expect(heard).toEqual(["first"]);
    stopHearing();
    answers.join_worklist = (_socket, _message, ack) => ack({ ok: true });
    server.emit("stage_updated", { update: Buffer.from([1]), by: "second" });
    await link.request("join_worklist", {});
    expect(heard).toEqual(["first"]);
  });

  test("the consult is in the connection's address", async () => {
    const asked = new Promise<string>((resolve) => server.on("connection", (socket) => resolve(socket.handshake.url)));
    const link = connection({ consultId: "c0ffee" });
    link.open();
    expect(await asked).toContain("cid=c0ffee");
  });
});

describe("coming back", () => {
  test("the page joins again after a restart of the server, before it is told that the link is up", async () => {
    const told: string[] = [];
    const link = connection();
    link.onConnect(async () => {
      await link.request("join_worklist", {});
      told.push("joined");
    });
    answers.join_worklist = (_socket, _message, ack) => ack({ ok: true });
    link.onStatus(({ status }) => told.push(status));
    link.open();
    await becomes(link, "up");
    await stop();
    await becomes(link, "down");
    await start();
    await becomes(link, "up");
    expect(told).toEqual(["connecting", "joined", "up", "down", "joined", "up"]);
  });

  test("since stays at the loss through all attempts", async () => {
    let clock = 1000;
    const link = connection({ now: () => clock });
    link.open();
    await becomes(link, "up");
    clock = 5000;
    const lost = becomes(link, "down");
    await stop();
    await lost;
    clock = 9000;
    await start();
    expect(link.state).toEqual({ status: "down", since: 5000 });
    expect((await becomes(link, "up")).since).toBe(9000);
  });

  test("a sign of the network ends the pause at once", async () => {
    const page = new EventTarget();
    const link = connection({ wakeOn: [{ target: page, type: "online" }] });
    vi.spyOn(Math, "random").mockReturnValue(1); // the longest pauses
    await stop();
    link.open();
    await becomes(link, "down");
    await start();
    const began = performance.now();
    page.dispatchEvent(new Event("online"));
    await becomes(link, "up");
    expect(performance.now() - began).toBeLessThan(450);
  });

  test("a server that hangs up by itself is called again", async () => {
    const link = connection();
    link.open();
    await becomes(link, "up");
    const lost = becomes(link, "down");
    server.disconnectSockets(true);
    await lost;
    await becomes(link, "up");
  });

  test("a refused connection says why and is tried again", async () => {
    refuse = { code: "not_allowed", message: "Sign in again." };
    const link = connection();
    link.open();
    const state = await becomes(link, "down");
    expect(state.refusal).toMatchObject({ code: "not_allowed", message: "Sign in again." });
    refuse = undefined;
    await becomes(link, "up");
    expect(link.state.refusal).toBeUndefined();
  });

  test("a consult that may not be joined any more closes the connection for good", async () => {
    answers.join_worklist = (_socket, _message, ack) =>
      ack({ ok: false, error: { code: "not_found", message: "There is no such consult." } });
    const link = connection();
    link.onConnect(() => link.request("join_worklist", {}).then(() => undefined));
    link.open();
    const state = await new Promise<LinkState>((resolve) =>
      link.onStatus((told) => told.refusal && resolve(told)),
    );
    expect(state).toMatchObject({ status: "down", refusal: { code: "not_found" } });
    expect((await refusal(link.request("join_worklist", {}))).code).toBe("offline");
  });

  test("any other failure to join connects again", async () => {
    let tries = 0;
    answers.join_worklist = (_socket, _message, ack) => {
      tries += 1;
      ack(tries === 1 ? { ok: false, error: { code: "conflict", message: "Busy." } } : { ok: true });
    };
    const link = connection();
    link.onConnect(() => link.request("join_worklist", {}).then(() => undefined));
    link.open();
    await becomes(link, "up");
    expect(tries).toBe(2);
  });
});
