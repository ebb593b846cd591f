/** Passwords of single mail clients. */
import { z } from "zod";
import type { AppPassword } from "../../gateway/logins/ports.js";
import type { ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { method, text } from "./parameters.js";
import { chooseUser } from "./users.js";

const services = z.array(
  z.enum(["imap", "smtp", "carddav", "web", "api"], "write imap, smtp, carddav, web or api"),
);

export function appPasswordMethods(context: MethodsContext): ControlMethods {
  const { appPasswords } = context.services;
  return {
    "app-password.list": method({ user: text.optional() }, ({ user }) =>
      appPasswords.list(chooseUser(context, user)).map(row),
    ),
    "app-password.add": method(
      { user: text.optional(), label: text, services: services.optional() },
      ({ user, label, services: only }) =>
        appPasswords.add(
          chooseUser(context, user),
          label,
          only === undefined ? undefined : [...new Set(only)],
        ),
    ),
    "app-password.revoke": method({ user: text.optional(), label: text }, ({ user, label }) => {
      appPasswords.revoke(chooseUser(context, user), label);
      return { label };
    }),
  };
}

function row({ label, services: opens, created, lastUse }: AppPassword) {
  return {
    label,
    services: opens,
    created,
    last_used: lastUse?.time ?? null,
    last_service: lastUse?.service ?? null,
    last_address: lastUse?.address ?? null,
  };
}
