/** Chans, subscriptions and contacts. */
import { z } from "zod";
import type { Address } from "../../bitmessage/protocol/address.js";
import { block, unblock } from "../../gateway/mailboxes/junk.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { row } from "./identities.js";
import { bitmessageAddress, label, method, text } from "./parameters.js";
import { chooseOwner, chooseUser, usersMeant } from "./users.js";

export function addressMethods(context: MethodsContext): ControlMethods {
  return { ...chanMethods(context), ...subscriptionMethods(context), ...contactMethods(context) };
}

function chanMethods(context: MethodsContext): ControlMethods {
  const { services, stores } = context;
  const { identities } = services.messaging;
  const joining = {
    passphrase: z.string().min(1, "a chan has a passphrase"),
    label: label.optional(),
    user: text.optional(),
  };
  return {
    "chan.join": method(joining, ({ passphrase, label: name, user }) => {
      const wanted = { user: chooseUser(context, user), passphrase, label: name ?? passphrase };
      return stores.transactions.run(() => {
        const chan = identities.joinChan(wanted);
        services.folders.ensureChan(chan);
        return row(chan);
      });
    }),
    "chan.leave": method({ address: bitmessageAddress, user: text.optional() }, (wanted) => {
      const { address } = wanted;
      const user = chooseOwner(context, identities.owners(address), wanted.user);
      identities.leaveChan(user, address);
      return { user, address };
    }),
    "chan.list": method({ user: text.optional() }, ({ user }) => {
      const users = usersMeant(context, user);
      return identities
        .list()
        .filter((identity) => identity.chan && users.includes(identity.user))
        .map(row);
    }),
  };
}

function subscriptionMethods(context: MethodsContext): ControlMethods {
  const { services, stores } = context;
  const { subscriptions } = services.messaging;
  return {
    "subscription.add": method(
      { address: bitmessageAddress, label: label.optional(), user: text.optional() },
      (wanted) => {
        const user = chooseUser(context, wanted.user);
        return stores.transactions.run(() => {
          const { address } = wanted;
          const subscription = subscriptions.add({ user, address, label: wanted.label ?? address });
          services.folders.ensureSubscription(subscription);
          return subscription;
        });
      },
    ),
    "subscription.remove": method({ address: bitmessageAddress, user: text.optional() }, (wanted) => {
      const { address } = wanted;
      const followers = subscriptions.list().filter((subscription) => subscription.address === address);
      const user = chooseOwner(context, followers, wanted.user);
      subscriptions.remove(user, address);
      return { user, address };
    }),
    "subscription.list": method({ user: text.optional() }, ({ user }) => {
      const users = usersMeant(context, user);
      return subscriptions.list().filter((subscription) => users.includes(subscription.user));
    }),
  };
}

/** Of messages to one address; `default` takes a setting away. */
const preference = {
  attachments: z
    .enum(["extended", "inline", "refuse", "default"], "write extended, inline, refuse or default")
    .optional(),
  encoding: z
    .enum(["trivial", "simple", "extended", "default"], "write trivial, simple, extended or default")
    .optional(),
  max_work: z
    .string()
    .regex(/^(?:default|\d{1,15})$/, "write a whole number of trials, or default")
    .transform((text) => (text === "default" ? text : Number(text)))
    .optional(),
};

function changed<T>(now: T | null, wanted: T | "default" | undefined): T | null {
  if (wanted === undefined) return now;
  return wanted === "default" ? null : wanted;
}

/** What is set for messages to an address, and what its program is known to read. */
function preferenceRow(
  { stores }: MethodsContext,
  { user, address }: { readonly user: string; readonly address: Address },
): object {
  const {
    attachments = null,
    encoding = null,
    maximumWork = null,
  } = stores.preferences.get(user, address) ?? {};
  const row = { attachments, encoding, max_work: maximumWork, reads: stores.capabilities.get(address) };
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function contactMethods(context: MethodsContext): ControlMethods {
  const { contacts, preferences } = context.stores;
  const one = { address: bitmessageAddress, user: text.optional() };
  return {
    "contact.add": method({ ...one, label }, (wanted) => {
      const { address } = wanted;
      const user = chooseUser(context, wanted.user);
      const blocked = contacts.get(user, address)?.blocked ?? false;
      const contact = { user, address, label: wanted.label, blocked };
      contacts.save(contact);
      return contact;
    }),
    "contact.remove": method(one, ({ address, user: wanted }) => {
      const user = chooseUser(context, wanted);
      const isKnown = contacts.get(user, address) !== null || preferences.get(user, address) !== null;
      if (!isKnown) throw new CommandError(`${address} is not a contact`);
      context.stores.transactions.run(() => {
        contacts.remove(user, address);
        preferences.remove(user, address);
      });
      return { user, address };
    }),
    "contact.list": method({ user: text.optional() }, ({ user }) =>
      usersMeant(context, user).flatMap((name) =>
        contacts.list(name).map((contact) => ({ ...contact, ...preferenceRow(context, contact) })),
      ),
    ),
    "contact.set": method({ ...one, ...preference }, (wanted) => {
      const { address } = wanted;
      const user = chooseUser(context, wanted.user);
      const {
        attachments = null,
        encoding = null,
        maximumWork = null,
      } = preferences.get(user, address) ?? {};
      preferences.set(user, address, {
        attachments: changed(attachments, wanted.attachments),
        encoding: changed(encoding, wanted.encoding),
        maximumWork: changed(maximumWork, wanted.max_work),
      });
      return { user, address, ...preferenceRow(context, { user, address }) };
    }),
    "contact.block": method(one, ({ address, user: wanted }) => {
      const user = chooseUser(context, wanted);
      if (!block(context.stores, user, address))
        throw new CommandError(`${address} is an address or chan of ${user} itself`);
      return contacts.get(user, address);
    }),
    "contact.unblock": method(one, ({ address, user: wanted }) => {
      const user = chooseUser(context, wanted);
      unblock(context.stores, user, address);
      return contacts.get(user, address) ?? { user, address, label: "", blocked: false };
    }),
  };
}
