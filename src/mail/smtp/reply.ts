import type { Logger } from "../../logger.js";
import { SmtpError } from "./error.js";

/** An error as smtp-server takes it: the text begins with the enhanced code, which `SubmissionConnection.send` knows. */
export interface Refusal extends Error {
  readonly responseCode: number;
}

/** What to say of a failure of the host that is no bug of it, such as a full disk; null: it is one. */
export type Explain = (error: unknown) => SmtpError | null;

/** SmtpError in its own words; anything else is a bug: logged with its stack and answered 451 4.3.0. */
export function refusal(error: unknown, logger: Logger, explain: Explain): Refusal {
  const known = error instanceof SmtpError ? error : explain(error);
  if (known !== null) return withCode(known.responseCode, known.enhancedCode, known.message);
  logger.error("submission failed", { stack: error instanceof Error ? error.stack : String(error) });
  return withCode(451, "4.3.0", "Something went wrong inside this server. Your program may try again later.");
}

function withCode(responseCode: number, enhancedCode: string, text: string): Refusal {
  return Object.assign(new Error(`${enhancedCode} ${text}`), { responseCode });
}

/** Room for the text of a reply line of 512 octets (RFC 5321 section 4.5.3.1.5), characters of UTF-8 counted as four. */
const MAXIMUM_TEXT = 120;

/** A text that begins with an enhanced code, in lines that each begin with it (RFC 2034 section 3); null when it does not. */
export function splitReply(code: number, text: string): string[] | null {
  const match = /^([245])\.\d{1,3}\.\d{1,3}(?= |$)/.exec(text);
  if (match === null || match[1] !== String(code)[0]) return null;
  const words = text
    .slice(match[0].length + 1)
    .split(/\s+/)
    .flatMap((word) => word.match(/.{1,120}/gsu) ?? []);
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > MAXIMUM_TEXT) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((content) => `${match[0]} ${content}`.trimEnd());
}
