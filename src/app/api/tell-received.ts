import type { MessageSink, Transactions } from "../../bitmessage/messaging/ports.js";
import type { ReceivedMessage } from "../../bitmessage/messaging/types.js";
import type { DeliveryLog } from "../../gateway/ports.js";

/** The same sink; `tell` hears of each message after its delivery, with the users who have not had it before. */
export function tellReceived(
  sink: MessageSink,
  options: {
    readonly deliveryLog: Pick<DeliveryLog, "has">;
    readonly transactions: Pick<Transactions, "afterCommit">;
    readonly tell: (message: ReceivedMessage) => void;
  },
): MessageSink {
  const { deliveryLog, transactions, tell } = options;
  return {
    async prepare(message) {
      const deliver = await sink.prepare(message);
      return () => {
        const users = message.users.filter((user) => !deliveryLog.has(user, message.hash));
        deliver();
        if (users.length > 0) transactions.afterCommit(() => tell({ ...message, users }));
      };
    },
  };
}
