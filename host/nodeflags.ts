/**
 * Flags of Node for a program of Farrier, by its file. The API makes much that is thrown away at once: with the young
 * generation that V8 takes where there is memory it had 349 MiB at its peak with 10,000 machines, with 4 MiB 194 to 196, and
 * reads stayed within their budget (`scripts/bench api --seconds 6`, three times; V8's `--max-semi-space-size` is in MiB).
 */
export function nodeFlags(main: string): readonly string[] {
  return main === 'api/main.ts' ? ['--max-semi-space-size=4'] : [];
}
