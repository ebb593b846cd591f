import { offers } from "../capabilities.js";
import { formatNumberSet } from "../sequence-set.js";
import { parseAppendMessage, type SentMessage, toNewMessage } from "./append-message.js";
import { type Command, LOGGED_IN, mailOf, tryCreate } from "./command.js";

/** The octets are taken as they are: nothing is asked of their form but that there are some. */
export const append: Command = {
  name: "APPEND",
  specification:
    "RFC 9051 section 6.3.12, RFC 3502 for several messages, RFC 3516 for literal8, RFC 6855 for UTF8",
  states: LOGGED_IN,
  expunges: "tell-expunges",
  async run({ session, parser }) {
    parser.space();
    const name = parser.mailbox();
    const sent: SentMessage[] = [];
    parser.space();
    do {
      sent.push(parseAppendMessage(session, parser));
    } while (offers(session, "MULTIAPPEND") && parser.optionalSpace());
    parser.end();
    const messages = sent.map((one) => toNewMessage(session, one));
    const result = await mailOf(session).append(name, messages);
    if (!result) throw tryCreate();
    return `[APPENDUID ${result.uidValidity} ${formatNumberSet(result.uids)}] Appended.`;
  },
};
