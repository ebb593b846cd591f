/** What forms do: the control method behind each, the fields it takes, and the page that is shown afterwards. */
export interface Action {
  readonly method: string;
  readonly fields: readonly string[];
  /** Given besides. */
  readonly fixed?: Readonly<Record<string, unknown>>;
  readonly back: string;
  /** Key of what is told when it is done. */
  readonly done: string;
}

const ADDRESS = ["address"];

export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    "/identities/create",
    { method: "identity.create", fields: ["label"], back: "/identities", done: "done.created" },
  ],
  [
    "/identities/label",
    { method: "identity.label", fields: ["address", "label"], back: "/identities", done: "done.saved" },
  ],
  [
    "/identities/enable",
    { method: "identity.enable", fields: ADDRESS, back: "/identities", done: "done.enabled" },
  ],
  [
    "/identities/disable",
    { method: "identity.disable", fields: ADDRESS, back: "/identities", done: "done.disabled" },
  ],
  [
    "/chans/join",
    { method: "chan.join", fields: ["passphrase", "label"], back: "/chans", done: "done.joined" },
  ],
  [
    "/setup/app-passwords/revoke",
    { method: "app-password.revoke", fields: ["label"], back: "/setup/app-passwords", done: "done.revoked" },
  ],
  ["/unlock", { method: "keys.unlock", fields: ["passphrase"], back: "/", done: "done.unlocked" }],
  ["/chans/leave", { method: "chan.leave", fields: ADDRESS, back: "/chans", done: "done.left" }],
  [
    "/subscriptions/add",
    {
      method: "subscription.add",
      fields: ["address", "label"],
      back: "/subscriptions",
      done: "done.followed",
    },
  ],
  [
    "/subscriptions/remove",
    { method: "subscription.remove", fields: ADDRESS, back: "/subscriptions", done: "done.removed" },
  ],
  [
    "/contacts/add",
    { method: "contact.add", fields: ["address", "label"], back: "/contacts", done: "done.saved" },
  ],
  [
    "/contacts/remove",
    { method: "contact.remove", fields: ADDRESS, back: "/contacts", done: "done.removed" },
  ],
  ["/contacts/block", { method: "contact.block", fields: ADDRESS, back: "/contacts", done: "done.blocked" }],
  [
    "/contacts/unblock",
    { method: "contact.unblock", fields: ADDRESS, back: "/contacts", done: "done.unblocked" },
  ],
  ["/outbox/cancel", { method: "queue.cancel", fields: ["id"], back: "/outbox", done: "done.cancelled" }],
  ["/outbox/retry", { method: "queue.retry", fields: ["id"], back: "/outbox", done: "done.retried" }],
  [
    "/outbox/accept",
    {
      method: "queue.retry",
      fields: ["id"],
      fixed: { accept_price: true },
      back: "/outbox",
      done: "done.retried",
    },
  ],
]);

/** The fields of the form that the method takes; what was left empty is not given. */
export function parametersOf(action: Action, form: URLSearchParams): Record<string, unknown> {
  const given = action.fields.flatMap((name) => {
    const written = form.get(name) ?? "";
    // Every character of a passphrase counts.
    const value = name === "passphrase" ? written : written.trim();
    return value === "" ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(given), ...action.fixed };
}
