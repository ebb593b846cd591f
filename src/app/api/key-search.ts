/** Keys from a passphrase, searched in slices, so that the event loop goes on. */
import { setImmediate } from "node:timers/promises";
import { type DeterministicIdentity, searchDeterministicIdentity } from "../../bitmessage/protocol/keys.js";

const SLICE_MILLISECONDS = 10;

/** The first so many identities of the passphrase, whose octets need not be UTF-8 (PROTOCOL.md section 11.4). @throws AbortError */
export async function deterministicKeys(
  passphrase: Uint8Array,
  wanted: { readonly count: number; readonly nullBytes: 1 | 2; readonly signal: AbortSignal },
): Promise<readonly DeterministicIdentity[]> {
  const found: DeterministicIdentity[] = [];
  while (found.length < wanted.count) {
    const last = found.at(-1);
    const search = searchDeterministicIdentity(passphrase, wanted, last ? last.signingNonce + 2 : 0);
    found.push(await finished(search, wanted.signal));
  }
  return found;
}

async function finished(
  search: ReturnType<typeof searchDeterministicIdentity>,
  signal: AbortSignal,
): Promise<DeterministicIdentity> {
  for (;;) {
    const end = performance.now() + SLICE_MILLISECONDS;
    while (performance.now() < end) {
      const { done, value } = search.next();
      if (done) return value;
    }
    signal.throwIfAborted();
    await setImmediate();
  }
}
