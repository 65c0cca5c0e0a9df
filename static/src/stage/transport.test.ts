// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { AwarenessChannel as CallAwareness } from "../call/awareness";
import type { Connection } from "../realtime/connection";
import type { AwarenessChannel } from "./presence";
import type { View } from "./schema";
import type { PointTransport } from "./socket_awareness";
import { codeOf, type StageTransport } from "./transport";

/** Held by the compiler: what the stage asks of its surroundings is what they have. */
export const fits: readonly [
  (connection: Connection) => StageTransport,
  (connection: Connection) => PointTransport,
  (channel: CallAwareness<View>) => AwarenessChannel,
] = [(connection) => connection, (connection) => connection, (channel) => channel];

describe("a refused command", () => {
  it("is known by its code, whatever else was thrown by failed", () => {
    expect(codeOf(Object.assign(new Error("no"), { code: "not_allowed" }))).toBe("not_allowed");
    expect(codeOf(new TypeError("network"))).toBe("failed");
    expect(codeOf(null)).toBe("failed");
  });
});
