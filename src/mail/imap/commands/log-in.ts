/** What LOGIN and AUTHENTICATE have in common. */
import { type AuthenticatedUser, type LoginOrigin, LoginRefused } from "../../sasl.js";
import { capabilityLine } from "../capabilities.js";
import { ImapError } from "../error.js";
import { asciiText } from "../format.js";
import type { Session } from "../session.js";

/** Checks a name and password; on success the session is authenticated. Returns the text of the tagged OK. */
export async function logIn(session: Session, username: string, password: string): Promise<string> {
  const { connection, settings } = session;
  // The host may have the client wait for its answer.
  session.out.flush();
  const user =
    username.includes("\0") || password.includes("\0") || connection.closed
      ? null
      : await orRefused(settings.backend.authenticate({ username, password, ...originOf(session) }));
  return concludeLogin(session, user);
}

export function originOf({ connection }: Session): LoginOrigin {
  const { remoteAddress, remotePort, localPort } = connection;
  return { service: "imap", remoteAddress, remotePort, localPort };
}

/** RFC 5530 section 3: UNAVAILABLE says that it is not the password. */
export async function orRefused<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof LoginRefused ? new ImapError("NO", "UNAVAILABLE", error.message) : error;
  }
}

/** Makes the session that of the user who has proved who he is; null: nobody has. Returns the text of the tagged OK. */
export async function concludeLogin(session: Session, user: AuthenticatedUser | null): Promise<string> {
  const { connection, registry, settings } = session;
  if (!user) throw new ImapError("NO", "AUTHENTICATIONFAILED", "The user name or the password is wrong.");
  if (!registry.enter(user.name)) throw new ImapError("NO", "LIMIT", "Too many sessions of this user.");
  try {
    session.mail = await settings.backend.openUser(user, (reason) => connection.stop(reason));
  } catch (error) {
    registry.leave(user.name);
    throw error;
  }
  session.user = user;
  if (connection.closed || session.state === "logout") {
    session.close();
    throw new ImapError("NO", "UNAVAILABLE", "The connection has ended.");
  }
  session.state = "authenticated";
  connection.loggedIn();
  const alert = settings.alert();
  if (alert !== null) session.out.line(`* OK [ALERT] ${asciiText(alert)}`);
  return `[CAPABILITY ${capabilityLine(session)}] Logged in.`;
}

/** RFC 9051 section 6.2.3: with LOGINDISABLED no password is looked at. */
export function requireLoginAllowed(session: Session): void {
  if (session.loginAllowed) return;
  throw new ImapError("NO", "PRIVACYREQUIRED", "Log in over TLS only.");
}
