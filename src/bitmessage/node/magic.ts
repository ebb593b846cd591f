import { sha512 } from "../protocol/hash.js";
import { MAGIC } from "../protocol/packet.js";

/**
 * The first four bytes of the packets of a network, as a number: those of PROTOCOL.md section 2 for "main"; for a private network
 * SHA512("bitmessage-bridge network " + name)[0:4], so that networks that know nothing of each other cannot mix.
 */
export function networkMagic(name: string): number {
  if (name === "main") return MAGIC;
  const hash = sha512(new TextEncoder().encode(`bitmessage-bridge network ${name}`));
  return new DataView(hash.buffer, hash.byteOffset, 4).getUint32(0);
}
