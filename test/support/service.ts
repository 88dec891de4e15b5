/** Asks the run for a service that all suites share; it is started by the first who asks. */
export async function service(name: 'mdb' | 'temporal' | 'testserver'): Promise<Record<string, string>> {
  const origin = process.env['FARRIER_TEST_SERVICES'];
  if (!origin) throw new Error('suites are run by vitest with the configuration of this repository');
  const response = await fetch(`${origin}/${name}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Record<string, string>;
}
