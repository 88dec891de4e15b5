import type { Reader } from '../read/reader.ts';
import { linkedPath, list, readText, valueAt } from '../read/values.ts';
import type { Json } from '../transport.ts';
import type { ActionOffer } from './offers.ts';

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((one) => readText(one) ?? []) : [];
}

/** An action of a resource by its standard name, with the values of one parameter; null where it has no such action. */
export async function actionOf(
  reader: Reader,
  resource: Json | null,
  name: string,
  parameter: string | null = null,
): Promise<ActionOffer | null> {
  const action = valueAt(resource, 'Actions', name);
  const target = readText(valueAt(action, 'target'));
  if (target === null) return null;
  return { target, values: parameter === null ? [] : await allowed(reader, action, parameter) };
}

/** Inline or in an ActionInfo (quirk 26); a property's values are inline beside it. */
export async function allowed(reader: Reader, action: unknown, parameter: string): Promise<string[]> {
  const inline = valueAt(action, `${parameter}@Redfish.AllowableValues`);
  const listed = strings(inline);
  if (listed.length > 0) return listed;
  const observed = valueAt(action, '@Redfish.ActionInfo');
  const info = readText(observed) ?? linkedPath(observed);
  if (info === null) return [];
  const parameters = list((await reader.resource({ '@odata.id': info }))?.Parameters);
  const named = (one: Json) => readText(one.Name)?.toLowerCase() === parameter.toLowerCase();
  return strings(parameters.find(named)?.AllowableValues);
}
