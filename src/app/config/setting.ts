import type { z } from "zod";

/** How a value is written in the environment and in `--set`, where everything is text. */
export type SettingKind = "text" | "number" | "switch" | "list";

export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly kind: SettingKind;
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly text: string;
}

/** @param name `section.key` */
export function setting(
  name: string,
  kind: SettingKind,
  schema: z.ZodType,
  value: unknown,
  text: string,
): Setting {
  const [section = "", key = ""] = name.split(".");
  return { section, key, kind, schema, value, text };
}
