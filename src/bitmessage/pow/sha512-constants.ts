/** FIPS 180-4, 4.2.3 and 5.3.5: the fractional bits of the cube roots of the first 80 primes and the square roots of the first 8. */

const MASK = (1n << 64n) - 1n;

export const ROUND_CONSTANTS: readonly bigint[] = primes(80).map(
  (prime) => integerRoot(prime << 192n, 3n) & MASK,
);

export const INITIAL_STATE: readonly bigint[] = primes(8).map(
  (prime) => integerRoot(prime << 128n, 2n) & MASK,
);

function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let candidate = 2n; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate);
  }
  return found;
}

/** The greatest integer whose power does not exceed value. Newton's iteration from above. */
function integerRoot(value: bigint, power: bigint): bigint {
  let root = 1n << 68n;
  for (;;) {
    const next = ((power - 1n) * root + value / root ** (power - 1n)) / power;
    if (next >= root) return root;
    root = next;
  }
}
