/** Mail that waits to be handed to other mail systems. */
import type { Handover, HandoverId } from "../../gateway/handover/ports.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { method, text } from "./parameters.js";

export function deliveryMethods({ services, stores }: MethodsContext): ControlMethods {
  const { handovers } = services;
  const change = (id: string, work: (id: HandoverId) => Handover | null, refusal: string) => {
    if (handovers.get(id as HandoverId) === null)
      throw new CommandError(`nothing with the id ${id} waits for another mail system`);
    const changed = stores.transactions.run(() => work(id as HandoverId));
    if (changed === null) throw new CommandError(refusal);
    return row(changed);
  };
  return {
    "delivery.list": method({}, () => handovers.list().map(row)),
    "delivery.retry": method({ id: text }, ({ id }) =>
      change(id, (known) => handovers.retry(known), "the mail has arrived or was cancelled"),
    ),
    "delivery.cancel": method({ id: text }, ({ id }) =>
      change(id, (known) => handovers.cancel(known), "it is too late: the mail has arrived"),
    ),
  };
}

function row(handover: Handover) {
  const { id, target, user, sender, recipient, subject, state, attempts, error, created, nextAttempt } =
    handover;
  const next = state === "waiting" ? nextAttempt : null;
  return {
    id,
    target,
    user,
    sender,
    recipient,
    subject,
    state,
    attempts,
    error,
    created,
    next_attempt: next,
  };
}
