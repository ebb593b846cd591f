/** How places in the network are written in settings. */
import { z } from "zod";

function hasPossiblePort(text: string): boolean {
  return text === "off" || Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535;
}

/** Where something listens. */
export const listenSchema = z
  .string()
  .regex(/^(off|\[[0-9a-fA-F:.]+\]:\d{1,5}|[^\s:[\]]+:\d{1,5})$/, 'write "host:port", "[IPv6]:port" or "off"')
  .refine(hasPossiblePort, "ports end at 65535");

/** Somebody to connect to. */
export const peerSchema = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/, 'write "host:port"')
  .refine(hasPossiblePort, "ports end at 65535");
