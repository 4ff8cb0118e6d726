/** Makes a function that takes a Secret's words out of a text: its lines, and what stands in them behind `=` or `:`. */
export function redaction(secret: string | undefined): (text: string) => string {
  const lines = (secret ?? '').split('\n').map((line) => line.trim());
  const values = lines.flatMap((line) => [line, ...(/^[^=:]{1,64}[=:](.+)$/.exec(line)?.slice(1) ?? [])]).flatMap((value) => [value.trim(), value.trim().replace(/^(["'])(.*)\1$/, '$2')]);
  const distinct = [...new Set(values.filter((value) => value !== ''))].sort((a, b) => b.length - a.length);
  return (text) => distinct.reduce((rest, value) => rest.replaceAll(value, '***'), text);
}
