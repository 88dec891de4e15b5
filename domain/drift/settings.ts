/** BIOS settings as they are kept. */

/** Names of BIOS settings that are passwords: neither kept nor wanted. Recorded controllers list them beside the others. */
export const secretSetting = /passw|passphrase|secret/i;

type Attributes = Readonly<Record<string, unknown>>;

/** BIOS settings in force, as they are kept; and when those got their value that had another one before. */
export interface SettingsDocument {
  readonly attributes: Attributes;
  /** ISO 8601, by attribute. */
  readonly changed: Readonly<Record<string, string>>;
}

/** Some controllers list the passwords of the BIOS beside its settings, and a few with their values. */
export function withoutSecrets(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !secretSetting.test(name)));
}

/** Nothing has changed at the first reading, which is the beginning. */
export function changedOf(
  before: SettingsDocument | undefined,
  attributes: Attributes,
  now: Date,
): SettingsDocument['changed'] {
  if (before === undefined) return {};
  const other = Object.keys(attributes).filter((name) => before.attributes[name] !== attributes[name]);
  const kept = Object.entries(before.changed).filter(([name]) => name in attributes);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(other.map((name) => [name, now.toISOString()])) };
}
