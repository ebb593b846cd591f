import { z } from "zod";
import type { ControlMethods } from "../control/messages.js";
import { CommandError } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { label, method, text } from "./parameters.js";

const credentials = { name: text, password: z.string() };

export function userMethods({ services }: MethodsContext): ControlMethods {
  const { users, logins, appPasswords, messaging } = services;
  return {
    "user.add": method(credentials, async ({ name, password }) => ({
      name: (await users.create(name, password)).name,
    })),
    "user.passwd": method(credentials, async ({ name, password }) => {
      await users.setPassword(name, password);
      return { name };
    }),
    "user.list": method({}, () =>
      users.list().map(({ name }) => ({
        name,
        app_passwords: appPasswords.list(name).length,
        failures: logins.failures(name).map(({ source, failures, lockedFor }) => ({
          source,
          failures,
          locked_for: lockedFor,
        })),
      })),
    ),
    "user.unlock": method({ name: text }, ({ name }) => {
      chooseUser({ services }, name);
      logins.lift(name);
      return { name };
    }),
    "user.remove": method({ name: text }, ({ name }) => {
      users.remove(name);
      return { name };
    }),
    setup: method(
      { user: text, password: z.string(), identity: label },
      async ({ user, password, identity }) => {
        const made: { address: string; label: string }[] = [];
        await users.create(user, password, () => {
          const { address, label: name } = messaging.identities.create({ user, label: identity });
          made.push({ address, label: name });
        });
        return { user, identities: made };
      },
    ),
  };
}

/** The login that is meant: the one named, or the only one. */
export function chooseUser({ services }: Pick<MethodsContext, "services">, name: string | undefined): string {
  const users = services.users.list();
  if (name !== undefined) {
    if (!users.some((user) => user.name === name)) throw new CommandError(`there is no login ${name}`);
    return name;
  }
  const [only, ...others] = users;
  if (only === undefined)
    throw new CommandError(
      "there is no login yet; make one with: bmbridge setup --user NAME --password-stdin",
    );
  if (others.length > 0)
    throw new CommandError("there are several logins; say which one with --user", "wrong-use");
  return only.name;
}

/** Whose identity, chan or subscription is meant: the login's that is named, or of the only one that has it. */
export function chooseOwner(
  context: Pick<MethodsContext, "services">,
  owners: readonly { readonly user: string }[],
  name: string | undefined,
): string {
  const [only, ...others] = owners;
  if (name !== undefined || only === undefined) return chooseUser(context, name);
  if (others.length > 0)
    throw new CommandError("several logins have it; say which one with --user", "wrong-use");
  return only.user;
}

/** For lists: the login named, or all. */
export function usersMeant(
  context: Pick<MethodsContext, "services">,
  name: string | undefined,
): readonly string[] {
  if (name !== undefined) return [chooseUser(context, name)];
  return context.services.users.list().map((user) => user.name);
}
