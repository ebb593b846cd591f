import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CommandDecoder, type DecoderEvent } from "../../../src/mail/imap/decoder.js";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const text = (octets: Uint8Array | null): string | null =>
  octets ? Buffer.from(octets).toString("latin1") : null;

function decode(
  chunks: readonly Uint8Array[],
  limits = { line: 10_000, literal: () => 10_000 },
): DecoderEvent[] {
  const decoder = new CommandDecoder(limits);
  const events: DecoderEvent[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let event = decoder.next(); event; event = decoder.next()) events.push(event);
  }
  return events;
}

/** Cuts octets at arbitrary places. */
const cut = (octets: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const places = [...new Set(cuts.map((one) => one % (octets.length + 1)))].sort((a, b) => a - b);
  return [...places, octets.length].map((end, index) =>
    octets.subarray(index === 0 ? 0 : places[index - 1], end),
  );
};

describe("the decoder", () => {
  test("a command of lines and literals", () => {
    const events = decode([bytes("a LOGIN {3}\r\nabc {2+}\r\nde\r\nb NOOP\n")]);
    expect(events.map((event) => event.type)).toEqual(["continue", "command", "command"]);
    const command = events[1]!;
    if (command.type !== "command") throw new Error("no command");
    expect(command.segments.map((segment) => [segment.text, text(segment.literal)])).toEqual([
      ["a LOGIN {3}", "abc"],
      [" {2+}", "de"],
      ["", null],
    ]);
  });

  test("what is not a marker is text", () => {
    const events = decode([bytes("a {3\r\nb 3}\r\nc {}\r\nd {x}\r\ne {-1}\r\nf {3} \r\n")]);
    expect(events.map((event) => event.type)).toEqual(Array(6).fill("command"));
  });

  test("a line that is too long is eaten, with the literals that it announces", () => {
    const events = decode([bytes(`tag ${"x".repeat(50)} {4+}\r\nab\r\n${"y".repeat(50)}\r\nb NOOP\r\n`)], {
      line: 20,
      literal: () => 10,
    });
    expect(events.map((event) => event.type)).toEqual(["refused", "command"]);
    expect(events[0]).toMatchObject({ reason: "line-too-long" });
  });

  test("any commands come out as they went in, however they are cut", () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9 ()"\\.*%]{1,20}$/);
    const literal = fc.uint8Array({ maxLength: 60 });
    const command = fc.tuple(word, fc.array(fc.tuple(literal, word, fc.boolean()), { maxLength: 4 }));
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (commands, cuts) => {
          const parts: Uint8Array[] = [];
          for (const [first, rest] of commands) {
            parts.push(bytes(`t${first}`));
            for (const [octets, after, sync] of rest)
              parts.push(bytes(`{${octets.length}${sync ? "" : "+"}}\r\n`), octets, bytes(after));
            parts.push(bytes("\r\n"));
          }
          const events = decode(cut(new Uint8Array(Buffer.concat(parts)), cuts));
          const found = events.filter((event) => event.type === "command");
          expect(found).toHaveLength(commands.length);
          expect(events.filter((event) => event.type === "continue")).toHaveLength(
            commands.flatMap(([, rest]) => rest.filter(([, , sync]) => sync)).length,
          );
          found.forEach((event, index) => {
            const literals = event.segments
              .filter((segment) => segment.literal !== null)
              .map((segment) => text(segment.literal));
            expect(literals).toEqual(commands[index]![1].map(([octets]) => text(octets)));
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  test("garbage makes no errors, and a command after a line end is understood", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
        const events = decode(
          [...chunks, bytes("x".repeat(300)), bytes("\r\n\r\n"), bytes("last NOOP\r\n")],
          {
            line: 100,
            literal: () => 0,
          },
        );
        // Unless a literal of a great length was announced, which swallows the rest.
        const garbage = Buffer.concat(chunks).toString("latin1");
        if (!/\{\d+[+-]?\}\r?\n/.test(garbage)) {
          const last = events.at(-1)!;
          expect(last.type === "command" && last.segments[0]?.text).toBe("last NOOP");
        }
      }),
      { numRuns: 200 },
    );
  });

  test("octets one at a time take linear time", () => {
    const decoder = new CommandDecoder({ line: 300_000, literal: () => 0 });
    const started = performance.now();
    for (let i = 0; i < 200_000; i++) {
      decoder.push(new Uint8Array([0x61]));
      if (decoder.next() !== null) throw new Error("an event without a line end");
    }
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("discard leaves nothing of what was sent ahead", () => {
    const decoder = new CommandDecoder({ line: 100, literal: () => 100 });
    decoder.push(bytes("a STARTTLS\r\nb LOGIN {3}\r\n"));
    expect(decoder.next()).toMatchObject({ type: "command" });
    expect(decoder.next()).toEqual({ type: "continue" });
    decoder.discard();
    decoder.push(bytes("c NOOP\r\n"));
    expect(decoder.next()).toMatchObject({ segments: [{ text: "c NOOP" }] });
    expect(decoder.next()).toBeNull();
  });
});
