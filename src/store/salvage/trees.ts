/** Tables and indexes as trees of pages; what damage has cut off is looked for among the pages that no tree reaches. */
import type { PageFile } from "./pages.js";
import { type PageContent, PageKind, type Row, readPage } from "./records.js";

export interface Tree {
  readonly rows: number;
  /** Pages that should be a part of it and are none any more. */
  readonly lostPages: number;
  readonly lostRows: number;
}

export interface Root {
  readonly kind: "table" | "index";
  readonly name: string;
  readonly page: number;
}

/** Reads trees of one file; remembers which pages they are made of. */
export class TreeReader {
  readonly #visited = new Set<number>();

  constructor(private readonly file: PageFile) {}

  /** @param kind `table` for trees with rowids, `index` for others, which tables without rowids are as well */
  read(root: number, kind: "table" | "index", take: (row: Row) => void): Tree {
    const kinds: readonly number[] =
      kind === "table"
        ? [PageKind.tableInterior, PageKind.tableLeaf]
        : [PageKind.indexInterior, PageKind.indexLeaf];
    let rows = 0;
    let lostPages = 0;
    let lostRows = 0;
    const waiting = [root];
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      const content = this.#visited.has(number) ? null : readPage(this.file, number);
      if (content === null || !kinds.includes(content.kind)) {
        lostPages++;
        continue;
      }
      this.#note(number, content);
      waiting.push(...content.children.toReversed());
      lostRows += content.unreadable;
      rows += content.rows.length;
      for (const row of content.rows) take(row);
    }
    return { rows, lostPages, lostRows };
  }

  /** Leaves of a table that nothing leads to any more, all of whose rows look like its rows. */
  readLeavesOf(isOne: (row: Row) => boolean, take: (row: Row) => void): void {
    for (let number = 2; number <= this.file.pageCount; number++) {
      const content = this.#visited.has(number) ? null : readPage(this.file, number);
      if (content?.kind !== PageKind.tableLeaf || content.rows.length === 0) continue;
      if (!content.rows.every(isOne)) continue;
      this.#note(number, content);
      for (const row of content.rows) take(row);
    }
  }

  /** Pages on the list of free ones, which may hold what was deleted long ago. */
  skipFree(): void {
    let trunk = this.file.header?.firstFreePage ?? 0;
    while (trunk !== 0 && !this.#visited.has(trunk)) {
      const page = this.file.read(trunk);
      if (page === null) return;
      this.#visited.add(trunk);
      const view = new DataView(page.buffer, page.byteOffset, page.length);
      const leaves = Math.min(view.getUint32(4), page.length / 4 - 2);
      for (let index = 0; index < leaves; index++) this.#visited.add(view.getUint32(8 + 4 * index));
      trunk = view.getUint32(0);
    }
  }

  /** Rows in leaves that no tree and no list has reached. To be called last. */
  readStray(take: (row: Row) => void): void {
    for (let number = 2; number <= this.file.pageCount; number++) {
      if (this.#visited.has(number)) continue;
      const content = readPage(this.file, number);
      if (content === null || content.kind === PageKind.tableInterior) continue;
      this.#note(number, content);
      for (const row of content.rows) take(row);
    }
  }

  #note(number: number, { overflow }: PageContent): void {
    this.#visited.add(number);
    for (const page of overflow) this.#visited.add(page);
  }
}
