import { z } from "zod";
import type { Identity } from "../../bitmessage/messaging/types.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import { formatKeysDat, readKeysDat } from "../keys-dat.js";
import type { MethodsContext } from "./context.js";
import { bitmessageAddress, label, method, text } from "./parameters.js";
import { chooseUser } from "./users.js";

const byAddress = { address: bitmessageAddress };
const creation = {
  label: label.optional(),
  user: text.optional(),
  shorter: z.boolean().optional(),
  passphrase: z.string().min(1, "an empty passphrase is everybody's").optional(),
};

export function identityMethods(context: MethodsContext): ControlMethods {
  const { identities } = context.services.messaging;
  return {
    "identity.create": method(creation, async (wanted) => {
      const user = chooseUser(context, wanted.user);
      const settings = {
        user,
        label: wanted.label ?? user,
        nullBytes: wanted.shorter ? (2 as const) : (1 as const),
      };
      return row(await identities.search({ ...settings, passphrase: wanted.passphrase }));
    }),
    "identity.list": method({}, () => identities.list().map(row)),
    "identity.label": method({ ...byAddress, label }, (wanted) => {
      return row(identities.setLabel(wanted.address, wanted.label));
    }),
    "identity.enable": method(byAddress, ({ address }) => row(identities.enable(address))),
    "identity.disable": method(byAddress, ({ address }) => row(identities.disable(address))),
    "identity.remove": method(byAddress, ({ address }) => {
      identities.remove(address);
      return { address };
    }),
    "identity.export": method(byAddress, ({ address }) => {
      const identity = identities.get(address);
      if (identity === null) throw new CommandError(`${address} is not one of your identities`);
      return { address: identity.address, keysDat: formatKeysDat(identity) };
    }),
    "identity.import": method({ text: z.string(), user: text.optional() }, ({ text: file, user }) =>
      importKeys(context, file, user),
    ),
  };
}

function importKeys(context: MethodsContext, file: string, wantedUser: string | undefined): unknown {
  const user = chooseUser(context, wantedUser);
  const { identities: found, skipped } = readKeysDat(file);
  if (found.length + skipped.length === 0)
    throw new CommandError("the file holds no identities; is it PyBitmessage's keys.dat?");
  const { services, stores } = context;
  const { identities } = services.messaging;
  const refused = [...skipped];
  const imported = stores.transactions.run(() =>
    found.flatMap((one) => {
      if (identities.get(one.address) !== null) {
        refused.push({ address: one.address, reason: "it is there already" });
        return [];
      }
      const identity = identities.import({ ...one, user });
      if (identity.chan) services.folders.ensureChan(identity);
      return [row(identity)];
    }),
  );
  return { imported, skipped: refused };
}

export function row(identity: Identity): unknown {
  const { address, label: name, enabled, chan, user } = identity;
  return { address, label: name, enabled, chan, user };
}
