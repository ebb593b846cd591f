/** Not one that could be taken for an address, with which one logs in as well. */
const NAME = /^(?!bm-)[a-z0-9][a-z0-9._-]{0,63}$/;

/** What a login may be called, as the end of a sentence. */
export const LOGIN_NAME_RULE =
  "has up to 64 letters a to z, digits, dots, hyphens and underscores, and does not begin with bm-";

export function isLoginName(name: string): boolean {
  return NAME.test(name);
}
