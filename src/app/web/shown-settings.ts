/** The settings as the page shows them. */
import type { Config } from "../config/config.js";
import { SETTINGS } from "../config/settings.js";
import type { SettingRow } from "./page/views/settings.js";

export function shownSettings(config: Config): SettingRow[] {
  const values = config as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return SETTINGS.map(({ section, key, value: preset, text }) => {
    const value = values[section]?.[key];
    const isDefault = JSON.stringify(value) === JSON.stringify(preset);
    return { section, key, value: withoutSecret(JSON.stringify(value ?? null)), isDefault, text };
  });
}

/** Name and password within an address, such as a proxy's. */
function withoutSecret(text: string): string {
  return text.replace(/:\/\/[^/@"]*@/g, "://…@");
}
