/** What to type into a mail client, or the file to load. */
import { join } from "node:path";
import { z } from "zod";
import { type ClientFacts, clientFacts } from "../client-setup/client-facts.js";
import { makeClientFile } from "../client-setup/client-files.js";
import { MAIL_CLIENTS } from "../client-setup/mail-clients.js";
import type { ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { method, text } from "./parameters.js";
import { chooseUser } from "./users.js";

export function clientSettingsMethods(context: MethodsContext): ControlMethods {
  return {
    "client.settings": method(
      { client: z.enum(MAIL_CLIENTS).optional(), user: text.optional() },
      (wanted) => {
        const facts = factsOf(context, chooseUser(context, wanted.user));
        return { ...facts, file: makeClientFile(wanted.client ?? null, facts) };
      },
    ),
  };
}

function factsOf({ config, services, endpoints, certificates }: MethodsContext, user: string): ClientFacts {
  const identities = services.messaging.identities
    .list()
    .filter((identity) => identity.user === user && identity.enabled && !identity.chan)
    .map(({ address, label }) => ({ label, mail_address: services.addresses.mailAddress(address) }));
  const authorityFile = join(certificates, "authority.pem");
  return clientFacts({ config, endpoints: endpoints(), user, identities, authorityFile });
}
