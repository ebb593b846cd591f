// Minimal --key value parser: defaults give the known keys and their types; positional in ._
export function args(defaults = {}, argv = process.argv.slice(2)) {
  const out = { ...defaults, _: [] };
  for (let i = 0; i < argv.length; i++) {
    const m = /^--([^=]+)(?:=(.*))?$/s.exec(argv[i]);
    if (!m) {
      out._.push(argv[i]);
      continue;
    }
    const key = m[1],
      d = defaults[key];
    if (m[2] !== undefined) out[key] = m[2];
    else if (
      typeof d === "boolean" ||
      (d === undefined && (argv[i + 1] === undefined || argv[i + 1].startsWith("--")))
    ) {
      out[key] = true;
      continue;
    } else out[key] = argv[++i];
    if (typeof d === "number") out[key] = Number(out[key]);
    if (typeof d === "boolean") out[key] = out[key] === true || out[key] === "true" || out[key] === "1";
  }
  return out;
}
