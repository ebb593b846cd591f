/** Feeds the decoder in two ways of cutting: it must not throw, must come to an end, and must find the same commands. */
import { CommandDecoder, type DecoderEvent } from "../../src/mail/imap/decoder.js";

const LIMITS = { line: 2000, literal: () => 500 };

function decode(pieces: readonly string[]): DecoderEvent[] {
  const decoder = new CommandDecoder(LIMITS);
  const events: DecoderEvent[] = [];
  for (const piece of pieces) {
    decoder.push(Buffer.from(piece, "latin1"));
    for (;;) {
      const event = decoder.next();
      if (!event) break;
      events.push(event);
      if (event.type === "fatal") return events;
    }
  }
  return events;
}

export function checkDecoder(pieces: readonly string[]): void {
  const whole = pieces.join("");
  const [together, apart] = [decode([whole]), decode(pieces)];
  const text = (events: readonly DecoderEvent[]): string => JSON.stringify(events.map(comparable));
  if (text(together) !== text(apart))
    throw new Error(`cut differently: ${text(together).slice(0, 500)} and ${text(apart).slice(0, 500)}`);
  if (together.length > 2 * whole.length + 1) throw new Error("more commands than octets");
}

/** Of a refused command only its beginning is kept: how much depends on what had come. */
function comparable(event: DecoderEvent): unknown {
  if (event.type === "refused") return [event.type, event.reason];
  return event.type === "command"
    ? [event.type, event.segments.map(({ text, literal }) => [text, literal])]
    : event;
}
