import { z } from "zod";
import type { Identities, ImportedIdentity } from "../../bitmessage/messaging/identities.js";
import { MessagingError } from "../../bitmessage/messaging/messaging-error.js";
import type { Identity } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import { formatKeysDat, readKeysDat } from "../moving/keys-dat.js";
import type { MethodsContext } from "./context.js";
import { bitmessageAddress, label, method, text } from "./parameters.js";
import { chooseOwner, chooseUser, usersMeant } from "./users.js";

const byAddress = { address: bitmessageAddress, user: text.optional() };
const creation = {
  label: label.optional(),
  user: text.optional(),
  shorter: z.boolean().optional(),
  passphrase: z.string().min(1, "an empty passphrase is everybody's").optional(),
};

export function identityMethods(context: MethodsContext): ControlMethods {
  const { identities } = context.services.messaging;
  const ownerOf = (wanted: { address: Address; user?: string | undefined }) =>
    chooseOwner(context, identities.owners(wanted.address), wanted.user);
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
    "identity.list": method({ user: text.optional() }, ({ user }) => {
      const users = usersMeant(context, user);
      return identities
        .list()
        .filter((identity) => users.includes(identity.user))
        .map(row);
    }),
    "identity.label": method({ ...byAddress, label }, (wanted) => {
      return row(identities.setLabel(ownerOf(wanted), wanted.address, wanted.label));
    }),
    "identity.enable": method(byAddress, (wanted) => row(identities.enable(ownerOf(wanted), wanted.address))),
    "identity.disable": method(byAddress, (wanted) =>
      row(identities.disable(ownerOf(wanted), wanted.address)),
    ),
    "identity.list-mode": method({ ...byAddress, name: label.nullable() }, (wanted) =>
      setListMode(context, ownerOf(wanted), wanted),
    ),
    "identity.remove": method(byAddress, (wanted) => {
      const user = ownerOf(wanted);
      context.services.mailingLists.setName(wanted.address, null);
      identities.remove(user, wanted.address);
      return { user, address: wanted.address };
    }),
    "identity.export": method(byAddress, (wanted) => {
      const identity = identities.get(ownerOf(wanted), wanted.address);
      if (identity === null) throw new CommandError(`${wanted.address} is not one of your identities`);
      return {
        address: identity.address,
        keysDat: formatKeysDat(identity, context.services.mailingLists.nameOf(wanted.address)),
      };
    }),
    "identity.import": method({ text: z.string(), user: text.optional() }, ({ text: file, user }) =>
      importKeys(context, file, user),
    ),
  };
}

/** Without a name the identity becomes an ordinary one. */
function setListMode(
  { services, stores }: MethodsContext,
  user: string,
  { address, name }: { readonly address: Address; readonly name: string | null },
): unknown {
  const { mailingLists, messaging } = services;
  if (messaging.identities.get(user, address)?.chan)
    throw new CommandError("a chan is for all its members; it cannot be a list");
  stores.transactions.run(() => mailingLists.setName(address, name));
  const set = mailingLists.nameOf(address);
  if (name !== null && set === null) throw new CommandError("a list has a name", "wrong-use");
  return { address, user, list: set };
}

function importKeys(context: MethodsContext, file: string, wantedUser: string | undefined): unknown {
  const user = chooseUser(context, wantedUser);
  const { identities: found, skipped, lists } = readKeysDat(file);
  if (found.length + skipped.length === 0)
    throw new CommandError("the file holds no identities; is it PyBitmessage's keys.dat?");
  const { services, stores } = context;
  const { identities } = services.messaging;
  const refused = [...skipped];
  const imported = stores.transactions.run(() =>
    found.flatMap((one) => {
      const identity = importOne(identities, { ...one, user });
      if (identity === null) {
        refused.push({ address: one.address, reason: "it is there already" });
        return [];
      }
      if (identity.chan) services.folders.ensureChan(identity);
      const list = lists.find(({ address }) => address === identity.address);
      if (list !== undefined) services.mailingLists.setName(list.address, list.name);
      return [row(identity)];
    }),
  );
  return { imported, skipped: refused };
}

/** Null when it is there already. */
function importOne(identities: Identities, wanted: ImportedIdentity): Identity | null {
  try {
    return identities.import(wanted);
  } catch (error) {
    if (error instanceof MessagingError && error.code === "identity-exists") return null;
    throw error;
  }
}

export function row(identity: Identity): unknown {
  const { address, label: name, enabled, chan, user } = identity;
  return { address, label: name, enabled, chan, user };
}
