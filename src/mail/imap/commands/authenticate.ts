import { type ClientFirst, parseClientFirst, ScramExchange, ScramSyntaxError } from "../../scram.js";
import { offers } from "../capabilities.js";
import { ImapError } from "../error.js";
import type { Session } from "../session.js";
import type { Command } from "./command.js";
import { concludeLogin, logIn, originOf, orRefused, requireLoginAllowed } from "./log-in.js";

const LONGEST_RESPONSE = 12_288;

export const authenticate: Command = {
  name: "AUTHENTICATE",
  specification:
    "RFC 9051 section 6.2.2, RFC 4959 for the initial response, RFC 4616 for PLAIN, RFC 5802 and RFC 7677 for SCRAM",
  states: ["not-authenticated"],
  expunges: "hold-expunges",
  async run({ session, parser }) {
    parser.space();
    const mechanism = parser.word();
    const initial = parser.optionalSpace() ? parser.rest() : null;
    parser.end();
    const run = Object.hasOwn(MECHANISMS, mechanism) ? MECHANISMS[mechanism]! : null;
    if (run) requireLoginAllowed(session);
    if (!run || !offers(session, `AUTH=${mechanism}`))
      throw new ImapError("NO", null, "That mechanism is not offered.");
    return run(session, initial === null ? await challenge(session, "") : decodeResponse(initial));
  },
};

/** By name: each takes the client's first response and returns the text of the tagged OK. */
const MECHANISMS: Readonly<Record<string, (session: Session, first: string) => Promise<string>>> = {
  PLAIN: authenticatePlain,
  "SCRAM-SHA-256": authenticateScram,
};

/** `message = [authzid] UTF8NUL authcid UTF8NUL passwd` */
async function authenticatePlain(session: Session, response: string): Promise<string> {
  const [authorization, username, password, ...others] = response.split("\0");
  if (!username || password === undefined || others.length > 0)
    throw new ImapError("BAD", null, "That is not a PLAIN response.");
  requireSameUser(authorization!, username);
  return logIn(session, username, password);
}

async function authenticateScram(session: Session, response: string): Promise<string> {
  const first = bySyntax<ClientFirst>(() => parseClientFirst(response));
  requireSameUser(first.authorization ?? "", first.username);
  const { keys, conclude } = await orRefused(
    session.settings.backend.scram!(first.username, originOf(session)),
  );
  const exchange = new ScramExchange(first, keys);
  const final = await challenge(session, exchange.serverFirst);
  const proof = bySyntax(() => exchange.finish(final));
  const user = await orRefused(conclude(proof === null ? "wrong" : "right"));
  // The client sees by this that the server knows its password too, and has nothing more to say.
  if (proof !== null && user !== null) await challenge(session, proof);
  return concludeLogin(session, user);
}

function requireSameUser(authorization: string, username: string): void {
  if (authorization === "" || authorization === username) return;
  throw new ImapError("NO", "AUTHORIZATIONFAILED", "One user cannot log in as another.");
}

function bySyntax<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ScramSyntaxError) throw new ImapError("BAD", null, error.message);
    throw error;
  }
}

/** Sends a challenge and gives the client's response. ImapError BAD when the client gives up. */
async function challenge(session: Session, text: string): Promise<string> {
  session.out.line(`+ ${Buffer.from(text, "utf8").toString("base64")}`);
  const response = await session.connection.nextLine(LONGEST_RESPONSE);
  if (response === null) throw new ImapError("NO", null, "The connection has ended.");
  if (response.trim() === "*") throw new ImapError("BAD", null, "Authentication was cancelled.");
  return decodeResponse(response);
}

/** Base64, its padding present or not; `=` is an empty response. */
function decodeResponse(response: string): string {
  const text = response.trim() === "=" ? "" : response.trim();
  if (text.length >= LONGEST_RESPONSE || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new ImapError("BAD", null, "That is not base64.");
  }
  return Buffer.from(text, "base64").toString("utf8");
}
