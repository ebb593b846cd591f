/**
 * A text such that texts compare by code unit as the originals do by i;unicode-casemap (RFC 5051), which SORT and THREAD use
 * (RFC 5256 section 7): upper case, decomposed.
 */
export function collationKey(text: string): string {
  const upper = text.toUpperCase();
  return /^[\x00-\x7f]*$/.test(upper) ? upper : upper.normalize("NFKD");
}
