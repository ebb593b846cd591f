/** Reading the parameters of control methods: wrong ones are wrong use. */
import { z } from "zod";
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";
import { CommandError, type ControlMethod } from "../control/messages.js";

/** A method whose parameters are checked first. Errors meant for people become CommandErrors. */
export function method<T extends z.ZodRawShape>(
  shape: T,
  work: (params: z.infer<z.ZodObject<T>>) => unknown,
): ControlMethod {
  const schema = z.object(shape);
  return async (params) => {
    const result = schema.safeParse(params);
    if (!result.success) {
      const issue = result.error.issues[0];
      throw new CommandError(
        `${issue?.path.join(".") ?? "parameters"}: ${issue?.message ?? "wrong"}`,
        "wrong-use",
      );
    }
    try {
      return await work(result.data);
    } catch (error) {
      throw explain(error);
    }
  };
}

/** Names of the errors of our rooms whose texts are for people. */
const FOR_PEOPLE = new Set(["MessagingError", "UserError", "SmtpError", "ImapError", "StoreError"]);

function explain(error: unknown): unknown {
  if (error instanceof ProtocolError) return new CommandError(error.message.replaceAll("_", " "));
  if (error instanceof Error && FOR_PEOPLE.has(error.name)) return new CommandError(error.message);
  return error;
}

export const text = z.string().max(1000);

/** The address as a person wrote it, with or without a mail domain; becomes the canonical one. */
export const bitmessageAddress = text.transform((written, context): Address => {
  try {
    return decodeAddress(written.replace(/@.*$/s, "")).address;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const reason = error.code.replaceAll("_", " ");
    context.addIssue({
      code: "custom",
      message: `${written.slice(0, 100)} is no Bitmessage address (${reason})`,
    });
    return z.NEVER;
  }
});

export const label = z
  .string()
  .max(200)
  .transform((value) => value.replace(/\p{C}+/gu, " ").trim());
