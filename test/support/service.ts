import { request } from 'undici';

/** Asks the run for a service that all suites share; it is started by the first who asks. */
export async function service(name: 'mdb' | 'temporal' | 'testserver'): Promise<Record<string, string>> {
  const origin = process.env['FARRIER_TEST_SERVICES'];
  if (!origin) throw new Error('suites are run by vitest with the configuration of this repository');
  // On a machine's first run a program may have to be fetched or even built; `fetch` waits no longer than five minutes.
  const { statusCode, body } = await request(`${origin}/${name}`, { headersTimeout: 0, bodyTimeout: 0 });
  if (statusCode !== 200) throw new Error(await body.text());
  return (await body.json()) as Record<string, string>;
}
