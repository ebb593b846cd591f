/** Reading what a client sends. */
import type { IncomingMessage } from "node:http";
import { HttpError } from "./message.js";

export interface Target {
  /** Host and port of the absolute form. */
  readonly authority: string | null;
  readonly path: string;
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/** Longest request target. */
const LONGEST_TARGET = 4096;
/** What no resource of ours has in a part of its path. */
const FORBIDDEN = /[\x00-\x1f\x7f/\\]/;

/**
 * Reads a request target (RFC 9112 section 3.2), origin form or absolute form. Nothing is resolved: a path with `.` or `..` names
 * nothing. @throws HttpError 400, 414
 */
export function readTarget(target: string): Target {
  if (target.length > LONGEST_TARGET) throw new HttpError(414, "The address is too long.");
  const [origin = "", authority = null] = /^https?:\/\/([^/?#]*)/i.exec(target) ?? [];
  const rest = target.slice(origin.length).replace(/#.*$/s, "") || "/";
  if (!rest.startsWith("/")) throw new HttpError(400, "This is no address of a resource.");
  const mark = rest.indexOf("?");
  const path = mark < 0 ? rest : rest.slice(0, mark);
  return {
    authority,
    path,
    segments: readSegments(path),
    query: new URLSearchParams(mark < 0 ? "" : rest.slice(mark + 1)),
  };
}

/** The decoded parts of a path. @throws HttpError 400 */
function readSegments(path: string): string[] {
  return path
    .slice(1)
    .split("/")
    .map((part) => {
      const segment = decode(part);
      if (FORBIDDEN.test(segment) || segment === "." || segment === "..")
        throw new HttpError(400, "The address holds what no address of ours does.");
      return segment;
    });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, "The address is not UTF-8 in percent-encoding.");
  }
}

/** @throws HttpError 413 above so many octets, 400 when the client leaves off */
export function readBody(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new HttpError(413, `At most ${limit} octets are taken here.`);
  if (Number(incoming.headers["content-length"] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        incoming.pause();
        incoming.removeAllListeners("data");
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    incoming.once("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    incoming.once("error", () => reject(new HttpError(400, "The request ended before its end.")));
    incoming.once("close", () => reject(new HttpError(400, "The request ended before its end.")));
  });
}
