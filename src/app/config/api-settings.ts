/** Settings of PyBitmessage's API. */
import { z } from "zod";
import { listenSchema as listen } from "./endpoint-schemas.js";
import { type Setting, setting } from "./setting.js";

const path = z.string().regex(/^(\/[^\0]+)?$/, "write an absolute path");

export const API_SETTINGS: readonly Setting[] = [
  setting(
    "api.listen",
    "text",
    listen,
    "off",
    'Where programs written for PyBitmessage\'s API call, such as "127.0.0.1:8442"; with TLS beyond loopback; "off" for none.',
  ),
  setting("api.username", "text", z.string().max(300), "", "The name with which those programs log in."),
  setting("api.password_file", "text", path, "", "File with the password of that name in its first line."),
  setting(
    "api.variant",
    "text",
    z.enum(["xml", "json", "legacy"]),
    "xml",
    '"xml" for XML-RPC, "json" for JSON-RPC, "legacy" for XML-RPC with results as texts of JSON, as before PyBitmessage 0.6.3.',
  ),
  setting(
    "api.notify_path",
    "text",
    path,
    "",
    "Program that is run with one argument when something happens: startingUp, newMessage, newBroadcast (PyBitmessage's apinotifypath).",
  ),
  setting(
    "api.user",
    "text",
    z.string().max(64),
    "",
    "The login whose identities and mail the API is about; may be left out while there is only one.",
  ),
];
