/** What LOGIN and AUTHENTICATE have in common. */
import { setTimeout as after } from "node:timers/promises";
import type { AuthenticatedUser } from "../../sasl.js";
import { capabilityLine } from "../capabilities.js";
import { ImapError } from "../error.js";
import type { Session } from "../session.js";

/** Checks a name and password; on success the session is authenticated. Returns the text of the tagged OK. */
export async function logIn(session: Session, username: string, password: string): Promise<string> {
  const { connection, settings } = session;
  await waitForAttempt(session, username);
  const user =
    username.includes("\0") || password.includes("\0") || connection.closed
      ? null
      : await settings.backend.authenticate({ username, password, remoteAddress: connection.remoteAddress });
  return concludeLogin(session, username, user);
}

/** Waits as long as earlier failures demand. */
export async function waitForAttempt(session: Session, username: string): Promise<void> {
  const delay = session.registry.loginDelay.milliseconds(session.connection.remoteAddress, username);
  if (delay === 0) return;
  session.out.flush();
  await after(delay, undefined, { ref: false });
}

/** Makes the session that of the user who has proved who he is; null: nobody has. Returns the text of the tagged OK. */
export async function concludeLogin(
  session: Session,
  username: string,
  user: AuthenticatedUser | null,
): Promise<string> {
  const { connection, registry, settings } = session;
  const { loginDelay } = registry;
  if (!user) {
    loginDelay.failed(connection.remoteAddress, username);
    throw new ImapError("NO", "AUTHENTICATIONFAILED", "The user name or the password is wrong.");
  }
  loginDelay.succeeded(connection.remoteAddress, username);
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
  return `[CAPABILITY ${capabilityLine(session)}] Logged in.`;
}

/** RFC 9051 section 6.2.3: with LOGINDISABLED no password is looked at. */
export function requireLoginAllowed(session: Session): void {
  if (session.loginAllowed) return;
  throw new ImapError("NO", "PRIVACYREQUIRED", "Log in over TLS only.");
}
