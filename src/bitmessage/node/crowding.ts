import { networkGroup } from "../protocol/host.js";

/** An inbound connection that may have to make room. */
export interface Guest {
  readonly host: string;
  readonly wasEstablished: boolean;
  /** Objects that we did not have and that came from it. */
  readonly objectsGiven: number;
  /** Unix seconds */
  readonly since: number;
}

/**
 * Who has to go so that a newcomer can stay where everything is taken: of the network with the most guests, the one of least use.
 * Null where the newcomer's own network would then have as many: so nobody who comes with a thousand addresses of one network
 * displaces others, and others displace them.
 */
export function chooseToLeave<T extends Guest>(host: string, guests: readonly T[]): T | null {
  const groups = new Map<string, T[]>();
  for (const guest of guests) {
    const group = networkGroup(guest.host);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [guest]);
    else members.push(guest);
  }
  const own = groups.get(networkGroup(host))?.length ?? 0;
  let largest: readonly T[] = [];
  for (const members of groups.values()) if (members.length > largest.length) largest = members;
  if (largest.length < own + 2) return null;
  return largest.reduce((least, guest) => (isLessUseful(guest, least) ? guest : least));
}

function isLessUseful(a: Guest, b: Guest): boolean {
  if (a.wasEstablished !== b.wasEstablished) return b.wasEstablished;
  if (a.objectsGiven !== b.objectsGiven) return a.objectsGiven < b.objectsGiven;
  // Of those that have not introduced themselves the oldest has had its time; of the others the youngest has shown least.
  return a.wasEstablished ? a.since > b.since : a.since < b.since;
}
