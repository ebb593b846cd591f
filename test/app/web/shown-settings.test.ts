import { expect, test } from "@jest/globals";
import { loadConfig } from "../../../src/app/config/load.js";
import { shownSettings } from "../../../src/app/web/shown-settings.js";

test("every setting with its value; what differs from the default is marked, and passwords are left out", () => {
  const assignments = ["node.proxy=socks5://name:hidden@127.0.0.1:9050", "send.ttl=3600"];
  const rows = shownSettings(loadConfig({ file: null, environment: {}, assignments }));
  const find = (wanted: string) => rows.find(({ section, key }) => `${section}.${key}` === wanted);
  expect(find("send.ttl")).toMatchObject({ value: "3600", isDefault: false });
  expect(find("imap.listen")).toMatchObject({ value: '"127.0.0.1:1143"', isDefault: true });
  expect(find("node.proxy")?.value).toBe('"socks5://…@127.0.0.1:9050"');
  expect(JSON.stringify(rows)).not.toContain("hidden");
});
