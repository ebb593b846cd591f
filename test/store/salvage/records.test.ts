import { expect, test } from "@jest/globals";
import type { PageFile } from "../../../src/store/salvage/pages.js";
import { readPage } from "../../../src/store/salvage/records.js";

const PAGE = 4096;

test("a length that no memory holds, in a file that is longer still, is a row that cannot be read", () => {
  const page = new Uint8Array(PAGE);
  // A leaf of a table with one cell: ten thousand million octets long, number 1.
  page.set([0x0d, 0, 0, 0, 1, 0x01, 0, 0, 0x01, 0]);
  page.set([0xa5, 0xa0, 0xaf, 0xc8, 0x00, 0x01], 0x0100);
  const file = { pageCount: 2 ** 23, pageSize: PAGE, read: () => page } as unknown as PageFile;
  expect(readPage(file, 2)).toMatchObject({ rows: [], unreadable: 1 });
});
