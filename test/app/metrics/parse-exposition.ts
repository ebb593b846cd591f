/** A strict reader of Prometheus' text format 0.0.4, written from its description and the checks of `promtool check metrics`. */

export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  /** Name with labels as written, and its value. */
  readonly samples: Map<string, number>;
}

interface Line {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** @throws Error that names the line */
export function parseExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, ReadFamily>();
  const lines = text.slice(0, -1).split("\n");
  let current = "";
  let help: string | null = null;
  const histograms = new Map<string, Line[]>();
  for (const [index, line] of lines.entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (line.startsWith("#") && comment === null) fail("no comment of ours");
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") {
        if (families.has(name)) fail("a family in two pieces");
        if (!/^(?:[^\\]|\\[\\n])*$/.test(rest)) fail("an escape that there is not");
        [current, help] = [name, rest];
      } else {
        if (name !== current || help === null) fail("a type without its help");
        if (!["counter", "gauge", "histogram", "summary"].includes(rest)) fail("an unknown type");
        if (rest === "counter" && !name.endsWith("_total")) fail("a counter is called _total");
        if (rest !== "counter" && name.endsWith("_total")) fail("what is called _total is a counter");
        families.set(name, { type: rest, help: help ?? "", samples: new Map() });
        help = null;
      }
      continue;
    }
    const family = families.get(current) ?? fail("a sample without a type");
    const sample = readSample(line) ?? fail("no sample");
    const suffix = sample.name.startsWith(current)
      ? sample.name.slice(current.length)
      : fail("another family's sample");
    const allowed = {
      counter: [""],
      gauge: [""],
      histogram: ["_bucket", "_sum", "_count"],
      summary: ["", "_sum", "_count"],
    };
    if (!allowed[family.type as keyof typeof allowed].includes(suffix))
      fail("a suffix that this type has not");
    if ((suffix === "_bucket") !== sample.labels.has("le")) fail("le is of buckets");
    if ((family.type === "summary" && suffix === "") !== sample.labels.has("quantile"))
      fail("quantile is of summaries");
    if (family.type !== "gauge" && !(sample.value >= 0)) fail("less than nothing");
    const [key = ""] = line.split(/ (?=[^ ]+$)/);
    if (family.samples.has(key)) fail("a sample twice");
    family.samples.set(key, sample.value);
    if (family.type === "histogram") histograms.set(current, [...(histograms.get(current) ?? []), sample]);
  }
  for (const [name, all] of histograms) checkHistogram(name, all);
  for (const [name, { samples }] of families)
    if (samples.size === 0) throw new Error(`${name} has no samples`);
  return families;
}

function readSample(line: string): Line | null {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/.exec(line);
  if (match === null) return null;
  const [, name = "", inside, number = ""] = match;
  const labels = new Map<string, string>();
  let rest = inside ?? "";
  while (rest !== "") {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\[\\"n])*)"(?:,(?=.)|$)/.exec(rest);
    if (label === null || labels.has(label[1] ?? "")) return null;
    labels.set(label[1] ?? "", label[2] ?? "");
    rest = rest.slice(label[0].length);
  }
  const value =
    number === "+Inf"
      ? Number.POSITIVE_INFINITY
      : /^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(number)
        ? Number(number)
        : null;
  return value === null ? null : { name, labels, value };
}

function checkHistogram(name: string, samples: readonly Line[]): void {
  const buckets = samples.filter(({ labels }) => labels.has("le"));
  const bounds = buckets.map(({ labels }) => Number((labels.get("le") ?? "").replace("+Inf", "Infinity")));
  const counts = buckets.map(({ value }) => value);
  const rising = (values: readonly number[]) =>
    values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));
  if (!rising(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: bounds`);
  if (!rising(counts)) throw new Error(`${name}: buckets are not cumulative`);
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (count !== counts.at(-1)) throw new Error(`${name}: count`);
  if (!samples.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: sum`);
}
