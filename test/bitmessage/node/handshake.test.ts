import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Handshake, refusal } from "../../../src/bitmessage/node/handshake.js";
import { ProtocolError } from "../../../src/bitmessage/protocol/errors.js";
import { encodeVersion } from "../../../src/bitmessage/protocol/messages/version.js";
import type { Packet } from "../../../src/bitmessage/protocol/packet.js";
import { versionOf } from "../../support/node/raw-peer.js";

const VERACK: Packet = { command: "verack", payload: new Uint8Array(0) };

function version(services = 1n): Packet {
  return { command: "version", payload: encodeVersion(versionOf({ services })) };
}

function commands(packets: readonly Packet[]): string[] {
  return packets.map(({ command }) => command);
}

describe("the opening side", () => {
  test.each([
    ["verack first", [VERACK, version()]],
    ["version first", [version(), VERACK]],
  ])("takes %s", (_, packets) => {
    const handshake = new Handshake("opening", versionOf(), () => null);
    expect(commands(handshake.opening())).toEqual(["version"]);
    const steps = packets.map((packet) => handshake.receive(packet));
    expect(steps.flatMap(({ send }) => commands(send))).toEqual(["verack"]);
    expect(steps.map(({ outcome }) => outcome.kind)).toEqual(["continue", "complete"]);
  });
});

describe("the accepting side", () => {
  test("waits, then sends verack before version", () => {
    const handshake = new Handshake("accepting", versionOf(), () => null);
    expect(handshake.opening()).toEqual([]);
    expect(commands(handshake.receive(version()).send)).toEqual(["verack", "version"]);
    expect(handshake.receive(VERACK).outcome.kind).toBe("complete");
  });

  test("sends nothing but the error when it refuses", () => {
    const handshake = new Handshake("accepting", versionOf(), () => refusal("server_full"));
    const { send, outcome } = handshake.receive(version());
    expect(commands(send)).toEqual(["error"]);
    expect(outcome).toMatchObject({ kind: "refused", refusal: { code: "server_full" } });
  });
});

test.each([
  [1n, 1n, false],
  [1n, 3n, false],
  [3n, 1n, false],
  [3n, 11n, true],
])("services %s and %s: TLS %s", (ours, theirs, encrypt) => {
  const handshake = new Handshake("accepting", versionOf({ services: ours }), () => null);
  handshake.receive(version(theirs));
  expect(handshake.receive(VERACK).outcome).toMatchObject({ kind: "complete", encrypt });
});

test("any order of packets ends in completion or an error, and completion needs both", () => {
  const packet = fc.constantFrom(version(), VERACK, { command: "inv", payload: new Uint8Array(0) });
  fc.assert(
    fc.property(
      fc.constantFrom("opening", "accepting"),
      fc.array(packet, { maxLength: 5 }),
      (side, packets) => {
        const handshake = new Handshake(side as "opening" | "accepting", versionOf(), () => null);
        const seen: string[] = [];
        try {
          for (const one of packets) {
            const { outcome } = handshake.receive(one);
            seen.push(one.command);
            if (outcome.kind === "complete") {
              expect([...seen].sort()).toEqual(["verack", "version"]);
              return;
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect((error as ProtocolError).code).toBe("command_before_handshake");
        }
      },
    ),
    { numRuns: 200 },
  );
});
