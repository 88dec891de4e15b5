/** One figure in Prometheus' text form; each line is what comes after the name. */
export function gauge(name: string, help: string, lines: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines.map((line) => `${name}${line}`)].join('\n');
}
