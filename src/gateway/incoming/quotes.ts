/**
 * Which message an answer quotes. PyBitmessage sends nothing else to tell that, where a subject has been used twice or has been changed:
 * it puts the whole message behind a line of hyphens, or, for users who have chosen to answer below, `> ` before each of its lines.
 */

const LONGEST_EXCERPT = 1000;
/** Of a message's beginning so much must be quoted, or all when it is shorter. */
const BEGINNING = 200;
/** Less tells nothing. */
const SHORTEST = 8;
const SHORTEST_WITHIN = 20;
const LONGEST_READ = 100_000;
const MOST_BLOCKS = 50;
const DASHES = /^-{20,}[ \t]*\r?$/;

/** The beginning of a text, without white space: lines are broken anew when they are quoted. */
export function excerptOf(body: string): string {
  return withoutSpace(body.slice(0, LONGEST_READ)).slice(0, LONGEST_EXCERPT);
}

/** The blocks of text that a body quotes, each without its marks and white space. */
export function quotedBlocks(body: string): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  const lines = body.slice(0, LONGEST_READ).split("\n");
  for (const [index, line] of lines.entries()) {
    if (DASHES.test(line)) {
      blocks.push(lines.slice(index + 1).join("\n"));
      break;
    }
    if (line.startsWith(">")) block.push(line.replace(/^> ?/, ""));
    else if (block.length > 0) block = close(blocks, block);
  }
  close(blocks, block);
  return blocks
    .map(withoutSpace)
    .filter((text) => text.length >= SHORTEST)
    .slice(0, MOST_BLOCKS);
}

function close(blocks: string[], block: readonly string[]): string[] {
  if (block.length > 0) blocks.push(block.join("\n"));
  return [];
}

/** What the blocks quote of the text with that excerpt: its beginning, or only a passage, which others that quote it have as well. */
export function quotedOf(excerpt: string, blocks: readonly string[]): "beginning" | "passage" | "nothing" {
  const beginning = excerpt.slice(0, BEGINNING);
  if (beginning.length < SHORTEST) return "nothing";
  if (blocks.some((block) => block.includes(beginning))) return "beginning";
  const isPassage = (block: string) => block.length >= SHORTEST_WITHIN && excerpt.includes(block);
  return blocks.some(isPassage) ? "passage" : "nothing";
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, "");
}
