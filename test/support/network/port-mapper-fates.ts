/** What becomes of the thread that is asked for such a port: see port-mapper-script. */
export const Fate = {
  exitBefore: 1,
  throwBefore: 2,
  exitAfter: 3,
  throwAfter: 4,
  deafAfter: 5,
  fillHeap: 6,
} as const;
