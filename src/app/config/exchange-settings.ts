/** Settings about other mail systems: the smarthost, servers that bring us mail, ordinary addresses, and when to try again. */
import { isIP } from "node:net";
import { z } from "zod";
import { type Setting, setting } from "./setting.js";

const path = z.string().regex(/^(\/[^\0]+)?$/, "write an absolute path");
const seconds = z.int().min(0).max(31_536_000);
const server = z.string().regex(/^((\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5})?$/, 'write "host:port"');

/** "10.0.0.0/8", "::1" */
function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

export const EXCHANGE_SETTINGS: readonly Setting[] = [
  setting(
    "smtp.trusted_networks",
    "list",
    z.array(z.string().refine(isNetwork, 'write addresses or networks such as "10.0.0.0/8"')),
    [],
    "Mail servers with these addresses send without a login, in the name of any identity (see mail.addresses).",
  ),
  setting(
    "smtp.trusted_authorities_file",
    "text",
    path,
    "",
    "PEM file of authorities; mail servers with a client certificate of theirs send without a login. Needs smtp.tls.",
  ),
  setting(
    "smtp.relay",
    "text",
    server,
    "",
    'Smarthost ("host:port") for recipients whom ordinary mail reaches; "" to refuse them.',
  ),
  setting(
    "smtp.relay_tls",
    "text",
    z.enum(["auto", "off", "starttls", "implicit"]),
    "auto",
    '"auto" is off on this machine, implicit on port 465, and starttls elsewhere.',
  ),
  setting("smtp.relay_user", "text", z.string().max(300), "", "Login at the smarthost."),
  setting("smtp.relay_password_file", "text", path, "", "File with the password of that login."),
  setting(
    "smtp.relay_password_env",
    "text",
    z.string().regex(/^([A-Za-z_][A-Za-z0-9_]*)?$/, "write the name of an environment variable"),
    "",
    "Environment variable with the password of that login, in place of a file.",
  ),
  setting(
    "smtp.relay_authorities_file",
    "text",
    path,
    "",
    "PEM file of authorities that are trusted with the smarthost's certificate; the system's when empty.",
  ),
  setting(
    "mail.addresses",
    "list",
    z.array(
      z
        .string()
        .regex(/^[^\s=<>@]+=[^\s=<>@,]+@[^\s=<>@,]+$/, 'write "BM-...=anna@example.org" or "anna=..."'),
    ),
    [],
    "Ordinary mail addresses of identities or logins, for mail that comes from, or goes to, other mail systems.",
  ),
  setting(
    "handover.retry_after",
    "number",
    seconds.min(1),
    60,
    "Seconds until the second attempt to hand a mail to another system; doubled each time, up to an hour.",
  ),
  setting(
    "handover.delay_warning",
    "number",
    seconds,
    14_400,
    "Seconds after which a report says that another system has not taken a mail; 0 for never.",
  ),
  setting(
    "handover.give_up_after",
    "number",
    seconds,
    432_000,
    "Seconds after which a mail for another system is given up, with a report; 0 for never.",
  ),
];
