/** The address book and subscriptions. */
import type { Address } from "../../bitmessage/protocol/address.js";
import { canonicalAddress, verifyAddress } from "./addresses.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { ApiError } from "./errors.js";
import { inBase64, oneLine, type Parameters } from "./parameters.js";
import type { RpcValue } from "./values.js";

export const PEOPLE_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["listAddressBookEntries"],
    legacyNames: ["listAddressbook"],
    parameters: ["label?"],
    help: "Your contacts in the list addresses, or those with that label; labels are in base64.",
    run(parameters, context) {
      const label = parameters.text(0, "");
      const addresses = contactsOf(context)
        .filter((contact) => label === "" || contact.label === label)
        .map((contact) => ({ label: inBase64(contact.label), address: contact.address }));
      return { addresses };
    },
  },
  {
    names: ["addAddressBookEntry"],
    legacyNames: ["addAddressbook"],
    parameters: ["address", "label"],
    help: "Adds a contact. The label is in base64.",
    run: addContact,
  },
  {
    names: ["deleteAddressBookEntry"],
    legacyNames: ["deleteAddressbook"],
    parameters: ["address"],
    help: "Removes a contact.",
    run(parameters, context) {
      const { address } = verifyAddress(parameters.text(0));
      const { contacts } = context.stores;
      // Whoever is blocked stays so.
      if (contacts.get(context.user, address)?.blocked)
        contacts.save({ user: context.user, address, label: "", blocked: true });
      else contacts.remove(context.user, address);
      return `Deleted address book entry for ${address} if it existed`;
    },
  },
  {
    names: ["addSubscription"],
    parameters: ["address", "label?"],
    help: "Follows a broadcaster. The label is in base64.",
    run(parameters, { user, services, stores }) {
      const label = parameters.text(1, "") === "" ? "" : parameters.label(1);
      const { address } = verifyAddress(parameters.text(0));
      const { subscriptions } = services.messaging;
      if (subscriptions.get(user, address) !== null)
        throw new ApiError(16, "You are already subscribed to that address.");
      stores.transactions.run(() =>
        services.folders.ensureSubscription(subscriptions.add({ user, address, label })),
      );
      return "Added subscription.";
    },
  },
  {
    names: ["deleteSubscription"],
    parameters: ["address"],
    help: "Ends following a broadcaster.",
    run(parameters, { user, services }) {
      const address = canonicalAddress(parameters.text(0));
      const { subscriptions } = services.messaging;
      if (subscriptions.get(user, address) !== null) subscriptions.remove(user, address);
      return "Deleted subscription if it existed.";
    },
  },
  {
    names: ["listSubscriptions"],
    parameters: [],
    help: "The broadcasters whom you follow, in the list subscriptions; labels are in base64.",
    run: (_parameters, { user, services }) => ({
      subscriptions: services.messaging.subscriptions
        .list()
        .filter((subscription) => subscription.user === user)
        .map(({ label, address, enabled }) => ({ label: inBase64(label), address, enabled })),
    }),
  },
];

/** Without those who are there only because they are blocked. */
function contactsOf({ user, stores }: ApiContext): readonly { label: string; address: Address }[] {
  return stores.contacts.list(user).filter(({ label, blocked }) => !blocked || label !== "");
}

function addContact(parameters: Parameters, { user, stores: { contacts } }: ApiContext): RpcValue {
  const label = oneLine(new TextDecoder().decode(parameters.base64(1)));
  const { address } = verifyAddress(parameters.text(0));
  const before = contacts.get(user, address);
  if (before !== null && !(before.blocked && before.label === ""))
    throw new ApiError(16, "You already have this address in your address book.");
  contacts.save({ user, address, label, blocked: before?.blocked ?? false });
  return `Added address ${address} to address book`;
}
