/** Texts made comparable without regard to case: compatibility forms are unified, white space is one space. */

const WHITE_SPACE = /[ \t\r\n]+/g;

export function foldCase(text: string): string {
  return foldSpaces(foldLetters(text));
}

/** Of these characters alone, ASCII and most of Latin-1, normalization changes none. */
const NORMAL = /^[\x00-\x9f\xa1-\xa7\xa9\xab-\xae\xb0\xb1\xb6\xb7\xbb\xbf-\xff]*$/;

function foldLetters(text: string): string {
  return NORMAL.test(text) ? text.toLowerCase() : text.normalize("NFKC").toLowerCase();
}

function foldSpaces(text: string): string {
  return text.replace(WHITE_SPACE, " ");
}

/** A text that is searched as if it were folded; most questions are answered before its white space is. */
export class FoldedText {
  #letters: string | null = null;
  #whole: string | null = null;

  constructor(private readonly text: string) {}

  /** @param needle folded */
  includes(needle: string): boolean {
    this.#letters ??= foldLetters(this.text);
    const letters = this.#letters;
    // White space has nothing to do with a needle that has none, and every word of one that has some must be there.
    if (!needle.includes(" ")) return letters.includes(needle);
    if (!needle.split(" ").every((word) => letters.includes(word))) return false;
    this.#whole ??= foldSpaces(letters);
    return this.#whole.includes(needle);
  }
}
