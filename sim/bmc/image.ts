/** Firmware images of the simulator: one line that says what is in it, then filling. */
export interface Image {
  readonly component: 'BMC' | 'BIOS';
  readonly version: string;
}

/** What an image holds, from its beginning; null for anything else. */
export function readImageFile(start: string): Image | null {
  const [, component, version] = /^SIMFW (BMC|BIOS) ([\w.-]{1,32})\n/.exec(start) ?? [];
  return version && (component === 'BMC' || component === 'BIOS') ? { component, version } : null;
}
