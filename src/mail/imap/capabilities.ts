import type { Session } from "./session.js";

/** One line of what the server can do. */
export interface Capability {
  readonly name: string;
  /** Where it is specified. */
  readonly specification: string;
  /** Whether it holds for this session now; absent: always. */
  when?(session: Session): boolean;
  /** The name as it is told, where it depends on the session. */
  tell?(session: Session): string;
}

const authenticated = (session: Session): boolean => session.state !== "not-authenticated";
const mayLogIn = (session: Session): boolean => session.loginAllowed;

/** Everything that is offered; nothing else is. */
const CAPABILITIES: readonly Capability[] = [
  { name: "IMAP4rev1", specification: "RFC 3501" },
  { name: "IMAP4rev2", specification: "RFC 9051" },
  { name: "LITERAL+", specification: "RFC 7888" },
  { name: "ID", specification: "RFC 2971" },
  { name: "ENABLE", specification: "RFC 5161" },
  { name: "STARTTLS", specification: "RFC 3501 section 6.2.1", when: (session) => session.startTlsOffered },
  {
    name: "LOGINDISABLED",
    specification: "RFC 3501 section 6.2.3",
    when: (session) => !authenticated(session) && !mayLogIn(session),
  },
  {
    name: "SASL-IR",
    specification: "RFC 4959",
    when: (session) => !authenticated(session) && mayLogIn(session),
  },
  {
    name: "AUTH=PLAIN",
    specification: "RFC 4616",
    when: (session) => !authenticated(session) && mayLogIn(session),
  },
  {
    name: "AUTH=SCRAM-SHA-256",
    specification: "RFC 7677",
    when: (session) =>
      !authenticated(session) && mayLogIn(session) && session.settings.backend.scram !== undefined,
  },
  { name: "IDLE", specification: "RFC 2177" },
  { name: "NAMESPACE", specification: "RFC 2342", when: authenticated },
  { name: "UNSELECT", specification: "RFC 3691", when: authenticated },
  { name: "UIDPLUS", specification: "RFC 4315", when: authenticated },
  { name: "MOVE", specification: "RFC 6851", when: authenticated },
  { name: "CHILDREN", specification: "RFC 3348", when: authenticated },
  { name: "SPECIAL-USE", specification: "RFC 6154", when: authenticated },
  { name: "CREATE-SPECIAL-USE", specification: "RFC 6154", when: authenticated },
  { name: "LIST-EXTENDED", specification: "RFC 5258", when: authenticated },
  { name: "LIST-STATUS", specification: "RFC 5819", when: authenticated },
  { name: "STATUS=SIZE", specification: "RFC 8438", when: authenticated },
  { name: "ESEARCH", specification: "RFC 4731", when: authenticated },
  { name: "SORT", specification: "RFC 5256", when: authenticated },
  { name: "SORT=DISPLAY", specification: "RFC 5957", when: authenticated },
  { name: "ESORT", specification: "RFC 5267", when: authenticated },
  { name: "THREAD=ORDEREDSUBJECT", specification: "RFC 5256", when: authenticated },
  { name: "THREAD=REFERENCES", specification: "RFC 5256", when: authenticated },
  { name: "SEARCHRES", specification: "RFC 5182", when: authenticated },
  { name: "PARTIAL", specification: "RFC 9394", when: authenticated },
  { name: "INPROGRESS", specification: "RFC 9585", when: authenticated },
  { name: "WITHIN", specification: "RFC 5032", when: authenticated },
  { name: "CONDSTORE", specification: "RFC 7162", when: authenticated },
  { name: "QRESYNC", specification: "RFC 7162", when: authenticated },
  { name: "NOTIFY", specification: "RFC 5465", when: authenticated },
  { name: "MULTIAPPEND", specification: "RFC 3502", when: authenticated },
  { name: "UTF8=ACCEPT", specification: "RFC 6855", when: authenticated },
  { name: "BINARY", specification: "RFC 3516", when: authenticated },
  { name: "OBJECTID", specification: "RFC 8474", when: authenticated },
  { name: "SAVEDATE", specification: "RFC 8514", when: authenticated },
  { name: "PREVIEW", specification: "RFC 8970", when: authenticated },
  { name: "REPLACE", specification: "RFC 8508", when: authenticated },
  { name: "XLIST", specification: "Gmail's, superseded by RFC 6154", when: authenticated },
  {
    name: "APPENDLIMIT",
    specification: "RFC 7889",
    when: authenticated,
    tell: (session) => `APPENDLIMIT=${session.settings.appendLimit}`,
  },
];

/** The capabilities of a session as CAPABILITY tells them. */
export function capabilityLine(session: Session): string {
  return CAPABILITIES.filter((one) => isOffered(one, session))
    .map((one) => one.tell?.(session) ?? one.name)
    .join(" ");
}

export function offers(session: Session, name: string): boolean {
  return CAPABILITIES.some((one) => one.name === name && isOffered(one, session));
}

function isOffered(capability: Capability, session: Session): boolean {
  return !session.settings.withoutCapabilities.has(capability.name) && (capability.when?.(session) ?? true);
}
