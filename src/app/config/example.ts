import { stringify } from "smol-toml";
import { ALL_SETTINGS, type Setting } from "./settings.js";

/** The text of `config/example.toml`: every setting with its sentence, at its default and commented out. */
export function exampleConfig(): string {
  const lines = [
    "# Settings of bitmessage-bridge. Each line shows the default; take away the # to change one.",
    "# Each can also come from the environment (BMBRIDGE_NODE_LISTEN) or from --set node.listen=...",
  ];
  let section = "";
  for (const setting of [...ALL_SETTINGS].sort(bySection)) {
    if (setting.section !== section) {
      section = setting.section;
      lines.push("", `[${section}]`);
    }
    lines.push(`# ${setting.text}`, `#${line(setting)}`);
  }
  return `${lines.join("\n")}\n`;
}

const ORDER = [...new Set(ALL_SETTINGS.map((setting) => setting.section))];

function bySection(first: Setting, second: Setting): number {
  return ORDER.indexOf(first.section) - ORDER.indexOf(second.section);
}

function line(setting: Setting): string {
  return stringify({ [setting.key]: setting.value }).trim();
}
