import { ImapError } from "../error.js";
import type { Command } from "./command.js";

export const starttls: Command = {
  name: "STARTTLS",
  specification: "RFC 9051 section 6.2.1",
  states: ["not-authenticated"],
  expunges: "hold-expunges",
  async run({ session, tag, parser }) {
    parser.end();
    if (session.connection.encrypted)
      throw new ImapError("BAD", null, "The connection is encrypted already.");
    if (!session.startTlsOffered) throw new ImapError("BAD", null, "STARTTLS is not offered.");
    session.out.line(`${tag} OK Begin TLS now.`);
    session.out.flush();
    await session.connection.startTls();
    return null;
  },
};
