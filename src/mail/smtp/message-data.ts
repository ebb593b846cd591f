import type { SMTPServerDataStream } from "smtp-server";

/**
 * Collects the octets of DATA; line ends become CR LF. Null when there are too many, of which no more than `maximumSize` are kept.
 * Never resolves when the client goes away before the end.
 */
export function collectMessage(
  stream: SMTPServerDataStream,
  maximumSize: number,
): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    let chunks: Uint8Array[] | null = [];
    let length = 0;
    stream.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > maximumSize) chunks = null;
      chunks?.push(chunk);
    });
    // The connection is gone; there is nobody to answer.
    stream.on("error", () => {
      chunks = null;
    });
    stream.on("end", () => resolve(chunks === null ? null : withCarriageReturns(chunks)));
  });
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * A bare LF or CR, which RFC 5321 section 2.3.8 forbids, becomes CR LF: a mail is kept with one kind of line end, and a line that ends otherwise
 * cannot end the mail for a server that it is handed to (SMTP smuggling).
 */
function withCarriageReturns(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = Buffer.concat(chunks);
  const bytes = new Uint8Array(joined.buffer, joined.byteOffset, joined.length);
  const bare = [...bareLineFeeds(bytes), ...bareCarriageReturns(bytes)].sort((a, b) => a - b);
  if (bare.length === 0) return bytes;
  const result = new Uint8Array(bytes.length + bare.length);
  let from = 0;
  let to = 0;
  for (const at of bare) {
    const isLineFeed = bytes[at] === LINE_FEED;
    const end = isLineFeed ? at : at + 1;
    result.set(bytes.subarray(from, end), to);
    to += end - from;
    result[to++] = isLineFeed ? CARRIAGE_RETURN : LINE_FEED;
    from = end;
  }
  result.set(bytes.subarray(from), to);
  return result;
}

function* bareLineFeeds(bytes: Uint8Array): Generator<number> {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1))
    if (bytes[at - 1] !== CARRIAGE_RETURN) yield at;
}

function* bareCarriageReturns(bytes: Uint8Array): Generator<number> {
  for (let at = bytes.indexOf(CARRIAGE_RETURN); at >= 0; at = bytes.indexOf(CARRIAGE_RETURN, at + 1))
    if (bytes[at + 1] !== LINE_FEED) yield at;
}
